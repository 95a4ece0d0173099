//! What SQS asks of a delay that one message is to have.

use std::time::Duration;

use super::is_fifo;
use super::settings::LONGEST_DELAY;
use crate::transport::{TransportError, TransportErrorKind};

/// Refuses a delay that `queue` would refuse.
pub(super) fn check(queue: &str, delay: Option<Duration>) -> Result<(), TransportError> {
    let refuse = |what| Err(TransportError::new(TransportErrorKind::InvalidMessage, what));
    let delay = delay.unwrap_or_default();
    if is_fifo(queue) && !delay.is_zero() {
        return refuse(format!(
            "queue `{queue}` is FIFO and delays all messages alike: leave out `.delay(..)`, or send to a queue that is not FIFO"
        ));
    }
    if delay > LONGEST_DELAY {
        return refuse(format!(
            "a message to queue `{queue}` cannot be delayed by {delay:?}: 15 minutes are the longest; send it again from there, \
             or keep it until it is due"
        ));
    }
    Ok(())
}

/// Rounded up: a message must not come before its time.
pub(super) fn whole_seconds(delay: Duration) -> Duration {
    Duration::from_secs(delay.as_secs() + u64::from(delay.subsec_nanos() > 0))
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::super::MemoryTransport;
    use super::super::fixture::{bodies, fifo, message, standard};
    use super::*;
    use crate::transport::{Message, Transport};

    /// What a message to `queue` is answered.
    async fn send(
        account: &MemoryTransport,
        queue: &str,
        message: Message,
        delay: Option<u64>,
    ) -> Result<(), TransportErrorKind> {
        let delay = delay.map(Duration::from_millis);
        let answers = Transport::send(account, queue, vec![message], delay).await;
        assert_eq!(answers.len(), 1);
        answers.into_iter().next().unwrap().map_err(|error| error.kind())
    }

    #[tokio::test(start_paused = true)]
    async fn it_comes_to_that_queue_whatever_is_subscribed() {
        let account = standard();
        send(&account, "q", message("elsewhere", "1").named("Other"), None).await.unwrap();
        assert_eq!(bodies(&account.take("q").await), ["1"]);
        assert_eq!(send(&account, "nowhere", message("t", "2"), None).await, Err(TransportErrorKind::NotFound));
    }

    #[tokio::test(start_paused = true)]
    async fn its_own_delay_counts_before_the_queues() {
        let account = standard();
        account.set_delay("q", Duration::from_secs(5));
        for (body, delay) in [("queue's", None), ("none", Some(0)), ("own", Some(1_001)), ("longest", Some(900_000))] {
            send(&account, "q", message("t", body), delay).await.unwrap();
        }
        assert_eq!(bodies(&account.take("q").await), ["none"]);
        advance(Duration::from_millis(1_999)).await;
        assert!(account.take("q").await.is_empty());
        advance(Duration::from_millis(1)).await;
        assert_eq!(bodies(&account.take("q").await), ["own"], "in whole seconds, rounded up");
        advance(Duration::from_secs(3)).await;
        assert_eq!(bodies(&account.take("q").await), ["queue's"]);
        advance(Duration::from_secs(894)).await;
        account.purge("q");
        send(&account, "q", message("t", "late"), Some(900_001)).await.unwrap_err();
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_poll_ends_when_the_delay_does() {
        let account = standard();
        send(&account, "q", message("t", "1"), Some(3_000)).await.unwrap();
        let began = tokio::time::Instant::now();
        assert_eq!(account.receive("q", 1, Duration::from_secs(20)).await.unwrap().len(), 1);
        assert_eq!(began.elapsed(), Duration::from_secs(3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_fifo_queue_wants_a_key_keeps_order_deduplicates_and_delays_all_alike() {
        let account = fifo();
        let refused = Err(TransportErrorKind::InvalidMessage);
        assert_eq!(send(&account, "q.fifo", message("t.fifo", "1"), None).await, refused);
        assert_eq!(send(&account, "q.fifo", message("t.fifo", "1").keyed(""), None).await, refused);
        assert_eq!(send(&account, "q.fifo", message("t.fifo", "1").keyed("a"), Some(1)).await, refused);
        for (body, dedup) in [("1", "x"), ("2", "y"), ("1 again", "x")] {
            send(&account, "q.fifo", message("t.fifo", body).keyed("a").dedup(dedup), Some(0)).await.unwrap();
        }
        // The queue knows what came through its topic, too.
        account.send(message("t.fifo", "2 again").keyed("a").dedup("y")).await;
        let all = account.take("q.fifo").await;
        assert_eq!(bodies(&all), ["1", "2"]);
        for delivery in &all {
            account.ack("q.fifo", delivery).await.unwrap();
        }
        assert!(account.take("q.fifo").await.is_empty());
    }
}
