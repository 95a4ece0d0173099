//! What is published.

use melange::Event;
use serde::{Deserialize, Serialize};

/// The consumers' own queue.
pub(crate) const QUEUE: &str = "soak";

/// How many keys steps have.
pub(crate) const KEYS: u64 = 12;

/// On a standard topic.
#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "soak-jobs")]
pub(crate) struct Job {
    pub(crate) number: u64,
}

/// On a FIFO topic, in order by key.
#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "soak-steps.fifo")]
pub(crate) struct Step {
    #[event(key)]
    pub(crate) key: u64,
    pub(crate) number: u64,
}
