//! The end of an invocation, and how long before it is what.

use std::time::{Duration, SystemTime};

use lambda_runtime::Context;
use tokio::time::{Instant, sleep_until};

/// How long before the end of an invocation its work ends by default.
pub(super) const MARGIN: Duration = Duration::from_secs(2);

/// Longest timeout of a function. Source: the Lambda developer guide, quotas. What is said to have ended longer ago is
/// no deadline, but a figure that was made up, as in recorded events.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// The end of an invocation; there may be none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline(Option<End>);

#[derive(Debug, Clone, Copy)]
struct End {
    at: Instant,
    margin: Duration,
}

impl Deadline {
    /// Of the invocation that `context` is of. The margin is no more than a quarter of the time that is left.
    pub(super) fn of(context: &Context, margin: Duration) -> Self {
        let now = SystemTime::now();
        let left = match context.deadline().duration_since(now) {
            Ok(left) => left,
            Err(over) if over.duration() < LONGEST => Duration::ZERO,
            Err(_) => return Self(None),
        };
        // Further away than any, and so far that a clock may not count it.
        let left = left.min(LONGEST * 2);
        Self(Some(End { at: Instant::now() + left, margin: margin.min(left / 4) }))
    }

    /// When nothing more is begun, and what runs is told to stop.
    pub(super) fn stop(&self) -> Option<Instant> {
        self.0.map(|end| end.at - end.margin)
    }

    /// When nothing more is waited for.
    pub(super) fn give_up(&self) -> Option<Instant> {
        self.0.map(|end| end.at - end.margin / 2)
    }

    /// When settling ends, so that there is time for the answer; far away, if there is no deadline.
    pub(super) fn last(&self) -> Instant {
        self.0.map_or_else(|| Instant::now() + LONGEST, |end| end.at - end.margin / 4)
    }
}

/// Waits until then, which may be never.
pub(super) async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(deadline: SystemTime, margin: u64) -> Deadline {
        let mut context = Context::default();
        context.deadline = deadline.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis() as u64;
        Deadline::of(&context, Duration::from_secs(margin))
    }

    fn seconds(at: Option<Instant>) -> f64 {
        let left = at.unwrap().saturating_duration_since(Instant::now()).as_secs_f64();
        (left * 10.0).round() / 10.0
    }

    #[tokio::test]
    async fn work_ends_before_the_invocation_does() {
        let long = of(SystemTime::now() + Duration::from_secs(60), 2);
        assert_eq!((seconds(long.stop()), seconds(long.give_up())), (58.0, 59.0));
        let brief = of(SystemTime::now() + Duration::from_secs(4), 2);
        assert_eq!((seconds(brief.stop()), seconds(brief.give_up())), (3.0, 3.5));
        assert_eq!(seconds(of(SystemTime::now() - Duration::from_secs(1), 2).stop()), 0.0);
    }

    #[tokio::test]
    async fn what_cannot_be_a_deadline_is_none() {
        assert!(of(SystemTime::UNIX_EPOCH, 2).stop().is_none());
        assert!(of(SystemTime::UNIX_EPOCH + Duration::from_millis(1_542_409_706_888), 2).stop().is_none());
        assert!(of(SystemTime::now() + Duration::from_secs(1 << 40), 2).stop().is_some());
    }
}
