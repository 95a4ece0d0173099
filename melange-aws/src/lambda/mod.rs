//! The events in what SNS hands to a Lambda function.
//!
//! ```no_run
//! # fn handler(payload: serde_json::Value) -> Result<(), melange_aws::lambda::ParseError> {
//! for event in melange_aws::lambda::parse_events_from_sns(&payload)? {
//!     match event {
//!         Ok(event) => println!("{} {}", event.name(), event.metadata().event_id),
//!         Err(error) => eprintln!("{error}"),
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod error;
mod payload;

use std::sync::OnceLock;

use melange::{AnyEvent, EventSerializer};

pub use error::{ParseError, ParseErrorKind};
pub use payload::Payload;

use crate::envelope;
use crate::names::Names;

/// The event in the first record of `payload`: what SNS hands to a Lambda function, as a `serde_json::Value`, text or
/// bytes. SNS puts one record into each; [`parse_events_from_sns`] reads any number.
///
/// The events are those the linker brought; [`parse_event_from_sns_with`] takes others.
///
/// ```
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
/// If `payload` is not an event of SNS, has no record, or holds what cannot be read as one of the events.
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
    match payload.records()?.first() {
        Some(record) => event(serializer, record),
        None => Err(ParseError::no_records()),
    }
}

/// The event in each record of `payload`, in their order. A record that cannot be read does not hide the others: each has
/// its own result.
///
/// # Errors
/// If `payload` is not an event of SNS at all.
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
    Ok(payload.records()?.iter().map(|record| event(serializer, record)).collect())
}

fn event(serializer: &EventSerializer, notification: &str) -> Result<AnyEvent, ParseError> {
    let inbound = envelope::open_notification(notification, &Names::default()).map_err(ParseError::wrapper)?;
    serializer.deserialize_message(&inbound).map_err(ParseError::event)
}

/// The linker brings the same events at every call.
fn linked() -> Result<&'static EventSerializer, ParseError> {
    static LINKED: OnceLock<Result<EventSerializer, String>> = OnceLock::new();
    let linked = LINKED.get_or_init(|| EventSerializer::linked().map_err(|errors| errors.to_string()));
    linked.as_ref().map_err(|errors| ParseError::set_up(errors))
}

#[cfg(test)]
mod tests;
