//! What is published by these tests and by their child processes.

use melange::Event;
use serde::{Deserialize, Serialize};

/// Something to do, on a standard topic.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Event)]
#[event(topic = "jobs")]
pub(crate) struct Job {
    pub(crate) number: u64,
    /// How long its handler takes.
    #[serde(default)]
    pub(crate) takes_ms: u64,
    /// How many of its first attempts fail.
    #[serde(default)]
    pub(crate) failing: u32,
    /// Whether they fail by a panic.
    #[serde(default)]
    pub(crate) panics: bool,
    /// Of no meaning; it makes it large.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) ballast: String,
}

/// One of several things that must be done in order, on a FIFO topic.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Event)]
#[event(topic = "steps.fifo")]
pub(crate) struct Step {
    #[event(key)]
    pub(crate) order: String,
    pub(crate) number: u64,
    /// How many of its first attempts fail.
    #[serde(default)]
    pub(crate) failing: u32,
}

/// These jobs, that take no time and succeed.
pub(crate) fn jobs(numbers: impl IntoIterator<Item = u64>) -> impl Iterator<Item = Job> {
    numbers.into_iter().map(|number| Job { number, ..Job::default() })
}
