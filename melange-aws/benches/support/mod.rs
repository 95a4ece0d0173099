//! What the benches share: the events, a server, the raw loop that Melange is measured against, and how figures are
//! printed.

#![allow(dead_code, reason = "each bench uses a part of it")]

pub(crate) mod canned;
pub(crate) mod cpu;
pub(crate) mod events;
pub(crate) mod gathering;
pub(crate) mod marks;
pub(crate) mod melange_side;
pub(crate) mod rates;
pub(crate) mod raw;
#[path = "../../../melange/benches/support/report.rs"]
pub(crate) mod report;
pub(crate) mod server;

/// What can go wrong in a bench: it ends with it.
pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A number from the environment, for longer or shorter runs.
pub(crate) fn setting(name: &str, usual: usize) -> usize {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(usual)
}
