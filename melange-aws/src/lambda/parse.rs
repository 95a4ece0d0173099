//! The events in Lambda payloads, for hand-written handlers.

use std::sync::OnceLock;

use melange::transport::{Inbound, Undecodable};
use melange::{AnyEvent, EventSerializer};

use super::payload::{Payload, records};
use super::record::{self, Source};
use super::{ParseError, sns_record};

/// The event in the first record of `payload`: an SNS event for Lambda, as a `serde_json::Value`, text or bytes. SNS
/// puts one record into each; [`parse_events_from_sns`] reads any number.
///
/// It reads all linked events; [`parse_event_from_sns_with`] takes others.
///
/// ```rust,standalone_crate
/// use melange::Event;
///
/// #[derive(Debug, serde::Serialize, serde::Deserialize, Event)]
/// #[event(topic = "orders")]
/// struct OrderPlaced {
///     order_id: String,
/// }
///
/// let payload = serde_json::json!({"Records": [{"EventSource": "aws:sns", "Sns": {
///     "Type": "Notification",
///     "MessageId": "95df01b4-ee98-5cb9-9903-4c221d41eb5e",
///     "TopicArn": "arn:aws:sns:eu-west-1:123456789012:orders",
///     "Message": "{\"event_type_name\": \"OrderPlaced\", \"order_id\": \"o-1\"}",
/// }}]});
/// let event = melange_aws::lambda::parse_event_from_sns(&payload)?;
/// assert_eq!(event.metadata().topic, "orders");
/// assert_eq!(event.downcast::<OrderPlaced>().unwrap().order_id, "o-1");
/// # Ok::<(), melange_aws::lambda::ParseError>(())
/// ```
///
/// # Errors
/// If `payload` is not an SNS event, has no record, or its record cannot be read as one of the events.
pub fn parse_event_from_sns<P: Payload + ?Sized>(payload: &P) -> Result<AnyEvent, ParseError> {
    parse_event_from_sns_with(linked()?, payload)
}

/// [`parse_event_from_sns`], for the events of `serializer`.
///
/// # Errors
/// As [`parse_event_from_sns`].
pub fn parse_event_from_sns_with<P: Payload + ?Sized>(
    serializer: &EventSerializer,
    payload: &P,
) -> Result<AnyEvent, ParseError> {
    let json = payload.json().map_err(|_| ParseError::not_sns())?;
    match sns_record::all(&json).map_err(|_| ParseError::not_sns())?.first() {
        Some(notification) => event(serializer, sns_record::open(notification)),
        None => Err(ParseError::no_records()),
    }
}

/// The event in each record of `payload`, in order. A record that cannot be read does not hide the others: each has its
/// own result.
///
/// # Errors
/// If `payload` is not an SNS event at all.
pub fn parse_events_from_sns<P: Payload + ?Sized>(
    payload: &P,
) -> Result<Vec<Result<AnyEvent, ParseError>>, ParseError> {
    parse_events_from_sns_with(linked()?, payload)
}

/// [`parse_events_from_sns`], for the events of `serializer`.
///
/// # Errors
/// As [`parse_events_from_sns`].
pub fn parse_events_from_sns_with<P: Payload + ?Sized>(
    serializer: &EventSerializer,
    payload: &P,
) -> Result<Vec<Result<AnyEvent, ParseError>>, ParseError> {
    let json = payload.json().map_err(|_| ParseError::not_sns())?;
    let all = sns_record::all(&json).map_err(|_| ParseError::not_sns())?;
    Ok(all.into_iter().map(|notification| event(serializer, sns_record::open(notification))).collect())
}

/// The event in each record of `payload`, in order: an SQS event for Lambda, or the payload of an EventBridge pipe,
/// which is the bare list. The bodies may be events, as with raw message delivery, or in the envelope of SNS or
/// EventBridge. A record that cannot be read does not hide the others: each has its own result.
///
/// ```rust,standalone_crate
/// use melange::Event;
///
/// #[derive(Debug, serde::Serialize, serde::Deserialize, Event)]
/// #[event(topic = "orders")]
/// struct OrderPlaced {
///     order_id: String,
/// }
///
/// let payload = serde_json::json!({"Records": [{
///     "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d",
///     "body": "{\"event_type_name\": \"OrderPlaced\", \"order_id\": \"o-1\"}",
///     "eventSource": "aws:sqs",
/// }]});
/// for event in melange_aws::lambda::parse_events_from_sqs(&payload)? {
///     assert_eq!(event?.downcast::<OrderPlaced>().unwrap().order_id, "o-1");
/// }
/// # Ok::<(), melange_aws::lambda::ParseError>(())
/// ```
///
/// # Errors
/// If `payload` is not an SQS event at all.
pub fn parse_events_from_sqs<P: Payload + ?Sized>(
    payload: &P,
) -> Result<Vec<Result<AnyEvent, ParseError>>, ParseError> {
    parse_events_from_sqs_with(linked()?, payload)
}

/// [`parse_events_from_sqs`], for the events of `serializer`.
///
/// # Errors
/// As [`parse_events_from_sqs`].
pub fn parse_events_from_sqs_with<P: Payload + ?Sized>(
    serializer: &EventSerializer,
    payload: &P,
) -> Result<Vec<Result<AnyEvent, ParseError>>, ParseError> {
    let json = payload.json().map_err(|_| ParseError::not_sqs())?;
    let all = records(&json).map_err(|_| ParseError::not_sqs())?;
    if all.iter().any(|json| record::source(json) != Source::Sqs) {
        return Err(ParseError::not_sqs());
    }
    let read = |json| {
        let record = record::Record::read(json);
        let inbound = record.delivery.content.map(|mut inbound| {
            inbound.wrapper_id = inbound.wrapper_id.or(record.id);
            inbound.occurred_on = inbound.occurred_on.or(record.delivery.sent_at);
            inbound
        });
        event(serializer, inbound)
    };
    Ok(all.into_iter().map(read).collect())
}

fn event(serializer: &EventSerializer, inbound: Result<Inbound, Undecodable>) -> Result<AnyEvent, ParseError> {
    serializer.deserialize_message(&inbound.map_err(ParseError::wrapper)?).map_err(ParseError::event)
}

/// The linker brings the same events at every call.
fn linked() -> Result<&'static EventSerializer, ParseError> {
    static LINKED: OnceLock<Result<EventSerializer, String>> = OnceLock::new();
    let linked = LINKED.get_or_init(|| EventSerializer::linked().map_err(|errors| errors.to_string()));
    linked.as_ref().map_err(|errors| ParseError::set_up(errors))
}
