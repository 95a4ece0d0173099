//! What handlers do: they count, and note the time when certain counts are reached. It is the same for all loops.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::Result;

static HANDLED: AtomicU64 = AtomicU64::new(0);
static FIRST: AtomicU64 = AtomicU64::new(0);
static LAST: AtomicU64 = AtomicU64::new(0);
static ALL: AtomicU64 = AtomicU64::new(0);
static TIMES: Mutex<(Option<Instant>, Option<Instant>)> = Mutex::new((None, None));
static CHANGED: Notify = Notify::const_new();

/// How long nothing may happen before a bench gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Begins to count anew, to `all`. The time is taken from a tenth of them to nine tenths, where all is in full swing.
pub(crate) fn begin(all: u64) {
    HANDLED.store(0, Ordering::SeqCst);
    FIRST.store(all / 10, Ordering::SeqCst);
    LAST.store(all - all / 10, Ordering::SeqCst);
    ALL.store(all, Ordering::SeqCst);
    *TIMES.lock().unwrap_or_else(PoisonError::into_inner) = (None, None);
}

/// One more was handled. This is all that the handlers of the benches do.
pub(crate) fn handled() {
    let count = HANDLED.fetch_add(1, Ordering::Relaxed) + 1;
    let (is_first, is_last) = (count == FIRST.load(Ordering::Relaxed), count == LAST.load(Ordering::Relaxed));
    if is_first || is_last {
        let mut times = TIMES.lock().unwrap_or_else(PoisonError::into_inner);
        let time = if is_first { &mut times.0 } else { &mut times.1 };
        *time = Some(Instant::now());
    }
    if count == ALL.load(Ordering::Relaxed) {
        CHANGED.notify_one();
    }
}

pub(crate) fn count() -> u64 {
    HANDLED.load(Ordering::Relaxed)
}

/// Waits until all are handled.
pub(crate) async fn all_handled() -> Result<()> {
    let mut seen = 0;
    while count() < ALL.load(Ordering::Relaxed) {
        if tokio::time::timeout(PATIENCE, CHANGED.notified()).await.is_err() {
            if count() == seen {
                return Err(format!("nothing happened for {PATIENCE:?} after {seen} messages").into());
            }
            seen = count();
        }
    }
    Ok(())
}

/// Messages in a second, between the marks.
pub(crate) fn rate() -> Result<f64> {
    let (from, to) = *TIMES.lock().unwrap_or_else(PoisonError::into_inner);
    let (from, to) = from.zip(to).ok_or("the marks were not reached")?;
    let between = LAST.load(Ordering::Relaxed) - FIRST.load(Ordering::Relaxed);
    Ok(between as f64 / (to - from).as_secs_f64())
}
