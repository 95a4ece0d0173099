//! The W3C trace context of the message being handled, carried on to what its subscribers publish.

use std::future::Future;

use futures_util::future::Either;
use tokio::task::futures::TaskLocalFuture;

tokio::task_local! {
    static CURRENT: Option<String>;
}

/// The `traceparent` that messages published here carry.
pub(crate) fn current() -> Option<String> {
    CURRENT.try_with(Clone::clone).ok().flatten()
}

/// Runs `work`; messages published within it carry `traceparent` (a W3C trace context, as in the HTTP header).
///
/// Subscribers do not need it: what they publish carries the trace context of the message they handle. Use it where a
/// trace starts, for example in an HTTP handler.
pub async fn with_traceparent<T>(traceparent: Option<String>, work: impl Future<Output = T>) -> T {
    scope(traceparent, work).await
}

/// The same, as a future that holds `work` once only. Where there is no trace, and none around it, nothing is carried.
pub(crate) fn scope<F: Future>(traceparent: Option<String>, work: F) -> Either<F, TaskLocalFuture<Option<String>, F>> {
    if traceparent.is_none() && !CURRENT.try_with(Option::is_some).unwrap_or_default() {
        return Either::Left(work);
    }
    Either::Right(CURRENT.scope(traceparent, work))
}
