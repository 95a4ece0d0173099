//! The clock of a test: it stands still while anything can run, and is moved by nobody but tokio.

use std::time::{Duration, Instant as SystemInstant};

use tokio::runtime::Handle;
use tokio::task::yield_now;
use tokio::time::Instant;

use super::error::TestError;
use super::journal::Journal;

/// Long enough for any system's clock to have moved.
const A_MOMENT: Duration = Duration::from_micros(50);

/// So many turns without a step of anyone: each lets all tasks run that can, or at least sixty of them.
const QUIET: u32 = 32;

/// # Errors
/// If the clock runs, or there is none.
pub(super) fn check() -> Result<(), TestError> {
    Handle::try_current().map_err(|_| TestError::no_runtime())?;
    // Tokio does not say whether its clock is paused. Only the thread that is in here could move it.
    let (before, began) = (Instant::now(), SystemInstant::now());
    while began.elapsed() < A_MOMENT {
        std::hint::spin_loop();
    }
    if Instant::now() == before { Ok(()) } else { Err(TestError::clock_runs()) }
}

/// Lets everything run that can without the clock being moved; ends early once `enough` says so.
pub(super) async fn settle(journal: &Journal, enough: impl Fn() -> bool) {
    let (mut steps, mut quiet) = (journal.steps(), 0);
    while quiet < QUIET && !enough() {
        // Tokio moves a paused clock when all tasks wait; this one does not.
        yield_now().await;
        let changed = journal.changed();
        tokio::pin!(changed);
        changed.as_mut().enable();
        if journal.is_blocking() {
            // Its thread takes its time, during which tokio does not move the clock.
            changed.await;
        }
        let now = journal.steps();
        quiet = if now == steps { quiet + 1 } else { 0 };
        steps = now;
    }
}
