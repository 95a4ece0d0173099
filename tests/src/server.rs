//! The local AWS server that `cargo xtask test` starts.
#![allow(clippy::panic, reason = "without the server its tests cannot pass, and must say so")]

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
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

/// The SDK's configuration for the server. It has more time to answer than AWS needs: all tests ask it at once.
pub async fn config() -> SdkConfig {
    let attempt = Duration::from_secs(40);
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(attempt).operation_timeout(3 * attempt).build();
    let config = aws_config::defaults(BehaviorVersion::latest()).endpoint_url(endpoint()).timeout_config(timeouts);
    config.load().await
}

/// A name that no other test has, to put before those of topics and queues.
#[must_use]
pub fn unique() -> String {
    let id = EventId::new().to_string();
    format!("t{}-", id.rsplit('-').next().unwrap_or(&id))
}
