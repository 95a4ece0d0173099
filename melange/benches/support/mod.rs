//! What the benches share.

#![allow(dead_code, reason = "each bench uses a part of it")]

pub(crate) mod counts;
pub(crate) mod report;

/// What can go wrong in a bench: it ends with it.
pub(crate) type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;
