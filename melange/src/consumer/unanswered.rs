//! A limit for calls that a transport never answers.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::poll_immediate;
use tokio::time::timeout;

use crate::transport::{TransportError, TransportErrorKind};

/// The longest to wait for an answer. Transports have their own timeouts, which are shorter and more specific: this is
/// for one that has none, or lacks one somewhere.
const LONGEST: Duration = Duration::from_secs(5 * 60);

/// The answer of the call, or an error `wait` plus some minutes later. `wait` is how long the call itself may wait.
pub(super) async fn or_unanswered<T>(
    wait: Duration,
    call: impl Future<Output = Result<T, TransportError>>,
) -> Result<T, TransportError> {
    within(wait.saturating_add(LONGEST), call).await.unwrap_or_else(|| {
        let what = format!("the transport has not answered for {LONGEST:?}: give its calls a timeout of their own");
        Err(TransportError::new(TransportErrorKind::Unavailable, what))
    })
}

/// What the call answers, if it does within this time.
pub(super) async fn within<T>(longest: Duration, call: impl Future<Output = T>) -> Option<T> {
    let mut call = pin!(call);
    // One that is answered at once needs no timer.
    match poll_immediate(call.as_mut()).await {
        Some(answer) => Some(answer),
        None => timeout(longest, call).await.ok(),
    }
}
