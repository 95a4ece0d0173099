//! The fault matrix: one test, or a few, for each row, named after it. A fault is injected by tokio's paused clock over
//! memory, by the stub of AWS, by its TCP proxy, or by signals to a child process. Each test counts what was attempted,
//! acknowledged, received, duplicated, unexpected and lost; the last two are zero, always.
//!
//! `cargo test -p melange-tests --features aws --test faults -- --nocapture` prints the counts.

mod accounts;
mod batches;
mod child;
mod counts;
mod duplicates;
mod errors;
mod events;
mod leases;
mod logs;
mod network;
mod order;
mod pairs;
mod poison;
mod processes;
mod service;
mod stopping;
mod unknown;
mod unreadable;
