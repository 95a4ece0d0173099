//! Sending to a queue itself, past all topics.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::types::{BatchResultErrorEntry, SendMessageBatchRequestEntry};
use aws_smithy_types::error::operation::BuildError;
use melange::Format;
use melange::transport::{Body, Message, TransportError, TransportErrorKind};

use crate::attempts::Attempts;
use crate::client::Call;
use crate::config::Connection;
use crate::limits::{LONGEST_DELAY, Limits};
use crate::names::is_fifo;
use crate::outbox::{Address, Answer, Outcome, Parcel, Refusal, Target, fill, id, verdicts};
use crate::{Aws, attributes, check, group};

/// Sends to `queue`, and answers for each message in order.
pub(crate) async fn send(aws: &Aws, queue: &str, messages: Vec<Message>, delay: Option<Duration>) -> Vec<Answer> {
    let mut answers: Vec<Result<(), TransportError>> = Vec::with_capacity(messages.len());
    let mut parcels = Vec::with_capacity(messages.len());
    let name = aws.names().queue(queue);
    let delay = seconds(queue, is_fifo(&name), delay);
    for message in &messages {
        let parcel = match &delay {
            Ok(delay) => parcel(aws, queue, message, *delay),
            Err(why) => Err(invalid(why.clone())),
        };
        answers.push(parcel.map(|parcel| parcels.push(parcel)));
    }
    let address = Address::Queue(name.as_str().into());
    let rules = aws.rules(Limits::Queue { name: queue }.bytes());
    let target = || Queue { connection: Arc::clone(aws.connection()), name: name.clone() };
    fill(&mut answers, aws.outbox().post(&address, &rules, target, parcels).await);
    answers
}

fn parcel(aws: &Aws, queue: &str, message: &Message, delay: Option<i32>) -> Result<Parcel, TransportError> {
    let Body::Json(body) = &message.body else {
        return Err(invalid(format!("{} is local to the process and cannot be sent to SQS", message.event)));
    };
    check::queue(aws.names(), queue).map_err(invalid)?;
    let body = wrapped(aws.format, body);
    // After wrapping: that is what SQS counts.
    Limits::Queue { name: queue }.check(&body, &message.attributes)?;
    let mut parcel = Parcel::new(body, message.attributes.clone());
    parcel.delay = delay;
    Ok(group::address(parcel, message, is_fifo(queue)))
}

/// As Python melange 6 and later sends to a queue and reads from it: the event as text under `Message`, as in the envelope
/// of SNS. Who reads CloudEvents wants them bare.
fn wrapped(format: Format, body: &Arc<str>) -> Arc<str> {
    match format {
        Format::CloudEvents => Arc::clone(body),
        _ => format!("{{\"Message\":{}}}", serde_json::Value::from(&**body)).into(),
    }
}

/// The delay in whole seconds, rounded up: a message must not come before its time.
fn seconds(queue: &str, fifo: bool, delay: Option<Duration>) -> Result<Option<i32>, String> {
    let Some(delay) = delay else { return Ok(None) };
    let seconds = delay.as_secs().saturating_add(u64::from(delay.subsec_nanos() > 0));
    if fifo {
        // Not even a delay of nothing may be said. Source: the SQS API reference, `SendMessage`, `DelaySeconds`.
        return if seconds == 0 {
            Ok(None)
        } else {
            Err(format!(
                "queue {queue:?} is FIFO and delays all messages alike: leave out `.delay(..)`, or send to a queue that is not FIFO"
            ))
        };
    }
    match i32::try_from(seconds) {
        Ok(small) if seconds <= LONGEST_DELAY => Ok(Some(small)),
        _ => Err(format!(
            "a message to queue {queue:?} cannot be delayed by {delay:?}: 15 minutes are the longest; send it again from there, \
             or keep it until it is due"
        )),
    }
}

fn invalid(why: String) -> TransportError {
    TransportError::new(TransportErrorKind::InvalidMessage, why)
}

/// A queue, as what parcels are sent to.
struct Queue {
    connection: Arc<Connection>,
    name: String,
}

impl Target for Queue {
    async fn send(&self, parcels: Vec<Arc<Parcel>>) -> Outcome {
        let call = Call::new("sqs:SendMessage", format!("queue {}", self.name)).with_message();
        let entries: Result<Vec<_>, _> = parcels.iter().enumerate().map(|(at, parcel)| entry(at, parcel)).collect();
        let entries = entries.map_err(|_| invalid(format!("{call}: a message of the batch cannot be sent")))?;
        let Connection { client, urls, .. } = &*self.connection;
        // A queue that was not found has nothing yet.
        let url = urls.get(client, &self.name).await.map_err(TransportError::certain)?;
        let attempts = Attempts::default();
        let request = client.sqs.send_message_batch().queue_url(url).set_entries(Some(entries));
        let request = request.customize().interceptor(attempts.clone());
        let answer = call.clone().send(request.send()).await.map_err(|error| attempts.judge(error));
        let output = urls.heed(&self.name, answer)?;
        let successful = output.successful().iter().map(|entry| entry.id());
        Ok(verdicts(&call, parcels.len(), successful, output.failed().iter().map(refusal)))
    }
}

fn entry(at: usize, parcel: &Parcel) -> Result<SendMessageBatchRequestEntry, BuildError> {
    let attributes = attributes::to_sqs(&parcel.attributes)?;
    SendMessageBatchRequestEntry::builder()
        .id(id(at))
        .message_body(&*parcel.body)
        .set_delay_seconds(parcel.delay)
        .set_message_attributes((!attributes.is_empty()).then_some(attributes))
        .set_message_group_id(parcel.group.clone())
        .set_message_deduplication_id(parcel.dedup_id.clone())
        .build()
}

fn refusal(entry: &BatchResultErrorEntry) -> Refusal<'_> {
    Refusal { id: entry.id(), code: entry.code(), sender_fault: entry.sender_fault() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_event_stands_as_text_under_message() {
        let body: Arc<str> = r#"{"name":"é\"\\ \u0001"}"#.into();
        let wrapped = super::wrapped(Format::Melange, &body);
        let read: serde_json::Value = serde_json::from_str(&wrapped).unwrap();
        assert_eq!(read.as_object().unwrap().len(), 1);
        assert_eq!(read["Message"].as_str(), Some(&*body));
        assert_eq!(super::wrapped(Format::CloudEvents, &body), body);
    }

    #[test]
    fn a_delay_is_what_sqs_can_do_or_refused() {
        let standard = |delay| seconds("billing", false, Some(delay));
        assert_eq!(seconds("billing", false, None), Ok(None));
        assert_eq!(standard(Duration::ZERO), Ok(Some(0)));
        assert_eq!(standard(Duration::from_millis(1)), Ok(Some(1)));
        assert_eq!(standard(Duration::from_secs(900)), Ok(Some(900)));
        for long in [Duration::from_millis(900_001), Duration::MAX] {
            assert!(standard(long).unwrap_err().contains("15 minutes"));
        }
        let fifo = |delay| seconds("billing.fifo", true, Some(delay));
        assert_eq!(fifo(Duration::ZERO), Ok(None));
        assert!(fifo(Duration::from_secs(1)).unwrap_err().contains("is FIFO"));
    }
}
