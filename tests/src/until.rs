//! Waiting until something is so.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Longest that anything is waited for on a clock that a test has paused.
const PAUSED: Duration = Duration::from_secs(36_000);
/// Longest that anything is waited for on the clock on the wall: no machine is that slow.
const REAL: Duration = Duration::from_secs(180);

/// Waits until it is so, in paused time too, where nothing else may move the clock.
///
/// # Panics
/// If it does not come to that: it says `what` was waited for, as in "all are handled".
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let (begun, by_the_wall) = (Instant::now(), std::time::Instant::now());
    while !holds() {
        let waited = begun.elapsed();
        assert!(waited < PAUSED && by_the_wall.elapsed() < REAL, "waited {waited:?}, and still not: {what}");
        // Coarser as it goes on: on a paused clock each step costs time, and it is hours that are waited for.
        sleep(Duration::from_millis(5).max(waited / 50)).await;
    }
}
