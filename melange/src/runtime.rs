//! The tokio runtime, and what becomes of those who come without one.

use std::future::poll_fn;
use std::panic::catch_unwind;
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::{Instant, sleep};

use crate::dispatch::let_go;
use crate::transport::{TransportError, TransportErrorKind};

/// Longer than anybody waits.
const FOREVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// # Errors
/// When there is none here, or one without a clock: `what` needs both.
pub(crate) fn check(what: &str) -> Result<(), TransportError> {
    let refuse = |why: &str| Err(TransportError::new(TransportErrorKind::Configuration, format!("{what} needs {why}")));
    if Handle::try_current().is_err() {
        return refuse(
            "a tokio runtime, and there is none here: do it in an async function under `#[tokio::main]`, or after \
             `let _guard = runtime.enter();`",
        );
    }
    if !has_clock() {
        return refuse(&format!("a tokio runtime with a clock: {GIVE_IT_A_CLOCK}"));
    }
    Ok(())
}

/// How a runtime gets its clock.
pub(crate) const GIVE_IT_A_CLOCK: &str = "call `.enable_all()` on its builder, or `.enable_time()`";

/// Whether the runtime that is here has a clock. tokio only tells by a panic, which says so on standard error too.
pub(crate) fn has_clock() -> bool {
    catch_unwind(|| drop(sleep(Duration::ZERO))).map_err(let_go).is_ok()
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
