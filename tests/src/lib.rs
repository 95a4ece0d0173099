//! Tests that need more than one crate, and what they share. Run them all with `cargo xtask test`.

#[cfg(feature = "aws")]
pub mod server;
