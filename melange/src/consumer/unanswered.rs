//! Calls that a transport never answers: nothing waits for them for ever.

use std::time::Duration;

use tokio::time::timeout;

use crate::transport::{TransportError, TransportErrorKind};

/// Longest that an answer is waited for. Transports have limits of their own, which are shorter and know more: this is for one
/// that has none, or forgot it somewhere.
const LONGEST: Duration = Duration::from_secs(5 * 60);

/// What the call answers, or that it did not, `wait` and some minutes later. `wait` is what it was told to wait itself.
pub(super) async fn or_unanswered<T>(
    wait: Duration,
    call: impl Future<Output = Result<T, TransportError>>,
) -> Result<T, TransportError> {
    timeout(wait.saturating_add(LONGEST), call).await.unwrap_or_else(|_| {
        let what = format!("the transport has not answered for {LONGEST:?}: give its calls a time-out of their own");
        Err(TransportError::new(TransportErrorKind::Unavailable, what))
    })
}
