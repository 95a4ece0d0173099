//! The local AWS server that `cargo xtask test` starts.
#![allow(clippy::panic, reason = "without the server its tests cannot pass, and must say so")]

use aws_config::{BehaviorVersion, SdkConfig};
use melange::EventId;

/// What every test that needs the server is ignored with, unless `cargo xtask test` runs it.
pub const NOT_RUN: &str = "needs the local AWS server: run `cargo xtask test`";

/// The server's address.
///
/// # Panics
/// If there is no server: it says how to get one.
#[must_use]
pub fn endpoint() -> String {
    std::env::var("MELANGE_TEST_ENDPOINT").unwrap_or_else(|_| panic!("{NOT_RUN}"))
}

/// The SDK's configuration for the server.
pub async fn config() -> SdkConfig {
    let endpoint = endpoint();
    aws_config::defaults(BehaviorVersion::latest()).endpoint_url(endpoint).load().await
}

/// A name that no other test has, to put before those of topics and queues.
#[must_use]
pub fn unique() -> String {
    let id = EventId::new().to_string();
    format!("t{}-", id.rsplit('-').next().unwrap_or(&id))
}
