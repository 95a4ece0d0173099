//! Tests that need more than one crate, and what they share. Run them all with `cargo xtask test`.

pub mod faulty;
pub mod hands;
#[cfg(feature = "aws")]
pub mod letters;
pub mod lines;
pub mod ran;
#[cfg(feature = "aws")]
pub mod server;
pub mod six_counts;
mod until;

pub use until::until;
