//! The tokio runtime, and what becomes of those who come without one.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::transport::{TransportError, TransportErrorKind};

/// Longer than anybody waits.
const FOREVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// # Errors
/// When there is none here: `what` needs one.
pub(crate) fn check(what: &str) -> Result<(), TransportError> {
    Handle::try_current().map(drop).map_err(|_| {
        let what = format!(
            "{what} needs a tokio runtime, and there is none here: do it in an async function under `#[tokio::main]`, or after \
             `let _guard = runtime.enter();`"
        );
        TransportError::new(TransportErrorKind::Configuration, what)
    })
}

/// What `make` makes, which needs a runtime's clock: that of the caller, or else of `own`. It may be awaited anywhere.
pub(crate) fn timer<T>(own: Option<&Handle>, make: impl FnOnce() -> T) -> T {
    let _entered = own.filter(|_| Handle::try_current().is_err()).map(Handle::enter);
    make()
}

/// The moment `time` from now, which no time is too long for.
pub(crate) fn from_now(time: Duration) -> Instant {
    Instant::now() + time.min(FOREVER)
}

/// Lets other tasks run, those first that this one has woken. Not by tokio's `yield_now`, which keeps a task with its thread,
/// where the next one may block: this way any thread can take it.
pub(crate) async fn give_way() {
    let mut given = false;
    poll_fn(|cx| {
        if given {
            return Poll::Ready(());
        }
        given = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
