//! Taking messages from a queue.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_sdk_sqs::types::{Message, MessageSystemAttributeName as System};
use melange::Timestamp;
use melange::transport::{Delivery, Receipt, TransportError, TransportErrorKind, Undecodable};

use super::held::Held;
use crate::client::Call;
use crate::names::is_fifo;
use crate::{Aws, attributes, envelope};

/// Most messages in one call. Source: the SQS API reference, `ReceiveMessage`.
const MOST: usize = 10;
/// Longest wait. Source: as above.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// Shortest time between long polls that bring nothing: a proxy that answers for SQS, or an emulator that does not wait,
/// must not make the caller spin.
const PAUSE: Duration = Duration::from_millis(250);

/// Takes up to `max` messages from `queue`, waiting up to `wait` for the first.
pub(crate) async fn receive(
    aws: &Aws,
    polls: &Polls,
    queue: &str,
    max: usize,
    wait: Duration,
    visibility: Duration,
) -> Result<Vec<Delivery>, TransportError> {
    let name = aws.names().queue(queue);
    let url = aws.urls().get(aws.client(), &name).await?;
    // A wait of less than a second would be a short poll, which asks only some of SQS's servers.
    let wait = Duration::from_secs(wait.as_millis().div_ceil(1000).min(20) as u64).min(LONGEST_WAIT);
    let attempt = is_fifo(&name).then(|| polls.begin(&name));
    let request = aws
        .client()
        .sqs
        .receive_message()
        .queue_url(url)
        .max_number_of_messages(max.clamp(1, MOST) as i32)
        .wait_time_seconds(wait.as_secs() as i32)
        .visibility_timeout(visibility.as_secs().min(43_200) as i32)
        .message_system_attribute_names(System::ApproximateReceiveCount)
        .message_system_attribute_names(System::SentTimestamp)
        .message_system_attribute_names(System::MessageGroupId)
        .message_attribute_names("All")
        .set_receive_request_attempt_id(attempt.as_ref().map(|poll| poll.attempt.clone()))
        .customize()
        .config_override(aws.client().for_polling(wait));
    let begun = Instant::now();
    let answer = Call::new("sqs:ReceiveMessage", format!("queue {name}")).with_receipts().send(request.send()).await;
    if let Some(attempt) = attempt
        && !answer.as_ref().is_err_and(|error| error.kind() == TransportErrorKind::Unavailable)
    {
        attempt.answered();
    }
    let messages = aws.urls().heed(&name, answer)?.messages.unwrap_or_default();
    if messages.is_empty() {
        tokio::time::sleep(PAUSE.min(wait).saturating_sub(begun.elapsed())).await;
    }
    Ok(messages.into_iter().filter_map(|message| delivery(aws, &name, message)).collect())
}

fn delivery(aws: &Aws, queue: &str, message: Message) -> Option<Delivery> {
    let id = message.message_id.unwrap_or_default();
    let Some(handle) = message.receipt_handle else {
        // It cannot be settled, so it must not be handled; it comes again.
        tracing::warn!(queue, message_id = id, "SQS handed out a message without a receipt");
        return None;
    };
    let mut odd = message.message_attributes.unwrap_or_default();
    let beside = attributes::from_sqs(&mut odd);
    let (body, content) = match message.body {
        Some(body) => envelope::open(body.into(), beside.clone(), aws.names()),
        None => ("".into(), Err(Undecodable::new("SQS handed it out without a body"))),
    };
    let (mut attempt, mut sent_at, mut group) = (1, None, None);
    for (name, value) in message.attributes.unwrap_or_default() {
        match name {
            System::ApproximateReceiveCount => attempt = value.parse().unwrap_or(1),
            System::SentTimestamp => sent_at = value.parse().ok().and_then(Timestamp::from_unix_millis),
            System::MessageGroupId => group = Some(value),
            _ => {}
        }
    }
    // On a standard queue a group only shares the queue fairly; there is no order to keep.
    let lane = group.clone().filter(|_| is_fifo(queue));
    let mut delivery = Delivery::new(id, content, Receipt::new(Held { handle, body, beside, odd, group }));
    (delivery.attempt, delivery.sent_at, delivery.group) = (attempt, sent_at, lane);
    Some(delivery)
}

/// Polls of FIFO queues whose answers were lost: asked again under the same id, SQS hands out the same messages, whose
/// groups would else be blocked until their visibility ends.
#[derive(Debug, Default)]
pub(crate) struct Polls(Mutex<Vec<Lost>>);

#[derive(Debug)]
struct Lost {
    queue: String,
    attempt: String,
    at: Instant,
}

/// SQS knows an attempt for five minutes. Source: the SQS API reference, `ReceiveRequestAttemptId`.
const KNOWN: Duration = Duration::from_secs(4 * 60);

impl Polls {
    /// A poll under the id of one whose answer was lost, or under a new one.
    fn begin<'a>(&'a self, queue: &'a str) -> Poll<'a> {
        let mut lost = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lost.retain(|poll| poll.at.elapsed() < KNOWN);
        let attempt = match lost.iter().position(|poll| poll.queue == queue) {
            Some(at) => lost.remove(at).attempt,
            None => uuid::Uuid::now_v7().to_string(),
        };
        Poll { polls: self, queue, attempt }
    }
}

/// A poll under way. Its answer is lost unless it is said to have come: whoever waited for it may have gone away.
struct Poll<'a> {
    polls: &'a Polls,
    queue: &'a str,
    attempt: String,
}

impl Poll<'_> {
    fn answered(mut self) {
        self.attempt.clear();
    }
}

impl Drop for Poll<'_> {
    fn drop(&mut self) {
        let attempt = std::mem::take(&mut self.attempt);
        if !attempt.is_empty() {
            let mut lost = self.polls.0.lock().unwrap_or_else(PoisonError::into_inner);
            lost.push(Lost { queue: self.queue.to_owned(), attempt, at: Instant::now() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_poll_is_asked_again_under_its_id() {
        let polls = Polls::default();
        let first = polls.begin("a").attempt.clone();
        let of_another_queue = polls.begin("b");
        assert_ne!(of_another_queue.attempt, first);
        let again = polls.begin("a");
        assert_eq!(again.attempt, first);
        let beside = polls.begin("a");
        assert_ne!(beside.attempt, first);
        again.answered();
        beside.answered();
        assert_ne!(polls.begin("a").attempt, first);
    }
}
