//! The envelopes of SNS and EventBridge: the only file that knows them.

#[cfg(feature = "signatures")]
mod letter;
mod notice;
mod plain;
mod top;

use std::collections::BTreeMap;
use std::sync::Arc;

use melange::attributes::{EVENT_TYPE, MANIFEST};
use melange::transport::{Body, Inbound, Undecodable};
use melange::{AttributeValue, Attributes};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::attributes::typed;
use crate::names::Names;
#[cfg(feature = "signatures")]
pub(crate) use letter::Letter;
#[cfg(feature = "signatures")]
pub use letter::LetterKind;
use memchr::memmem;
use notice::{Notice, notice};
use top::{Top, text};

/// Most attributes read of one message; AWS sends ten.
const MOST_ATTRIBUTES: usize = 32;

/// Opens the body of a received message: for code that receives from SQS itself, or gets SNS deliveries. `beside` are
/// the message attributes. [`EventSerializer::deserialize_message`] reads the event from the result.
///
/// The body may be in the envelope of SNS or of EventBridge, in the `{"Message": ".."}` of Python melange, or bare, as
/// with raw message delivery. The topic has the name in its ARN, prefix included.
///
/// ```rust,standalone_crate
/// use melange::{Attributes, Event, EventSerializer};
///
/// #[derive(Debug, serde::Serialize, serde::Deserialize, Event)]
/// #[event(topic = "orders")]
/// struct OrderPlaced {
///     order_id: String,
/// }
///
/// let body = r#"{"Type": "Notification", "MessageId": "95df01b4", "TopicArn": "arn:aws:sns:eu-west-1:123456789012:orders",
///     "Message": "{\"event_type_name\": \"OrderPlaced\", \"order_id\": \"o-1\"}"}"#;
/// let inbound = melange_aws::open_message(body, Attributes::new())?;
/// assert_eq!(inbound.topic.as_deref(), Some("orders"));
/// let event = EventSerializer::linked()?.deserialize_message(&inbound)?;
/// assert_eq!(event.downcast::<OrderPlaced>().unwrap().order_id, "o-1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If it is an SNS message without an event, such as a subscription confirmation, or a broken envelope. A body without
/// an envelope is not an error here, whatever it is.
///
/// [`EventSerializer::deserialize_message`]: melange::EventSerializer::deserialize_message
pub fn open_message(body: &str, beside: Attributes) -> Result<Inbound, Undecodable> {
    wrapped(body, &beside, &Names::default()).unwrap_or_else(|| Ok(bare(body.into(), beside)))
}

/// Takes what came out of its wrapper, and gives `body` back as it was.
///
/// It knows, in this order: what says its own name and so is an event, whatever else it holds; the notification of SNS;
/// the two kinds of letters in which SNS asks to confirm something; `{"Message": ..}` with nothing beside, as Python
/// melange 6 and 7 send to a queue directly; an event of EventBridge, which is in its `detail`; and else the bare
/// content, as raw delivery brings it. What stands in the wrapper wins over `beside`, the attributes of the SQS
/// message.
pub(crate) fn open(body: Arc<str>, beside: Attributes, names: &Names) -> (Arc<str>, Result<Inbound, Undecodable>) {
    match wrapped(&body, &beside, names) {
        Some(inbound) => (body, inbound),
        None => (Arc::clone(&body), Ok(bare(body, beside))),
    }
}

fn bare(body: Arc<str>, beside: Attributes) -> Inbound {
    let mut inbound = Inbound::new(Body::Json(body));
    inbound.attributes = beside;
    inbound
}

/// What is in the wrapper. `None` if it has none.
fn wrapped(body: &str, beside: &Attributes, names: &Names) -> Option<Result<Inbound, Undecodable>> {
    if begins_as_event(body) || is_surely_bare(body) {
        return None;
    }
    if let Some(notice) = notice(body)
        && notice.is_said
        && let Some(inbound) = noticed(notice, beside, names)
    {
        return Some(Ok(inbound));
    }
    by_keys(body, beside, names)
}

/// The same, of any JSON.
fn by_keys(body: &str, beside: &Attributes, names: &Names) -> Option<Result<Inbound, Undecodable>> {
    // Not a JSON object: whoever reads it says so.
    let top = serde_json::from_str::<Top<'_>>(body).ok().filter(|top| !top.is_event)?;
    match top.kind.as_deref() {
        Some("Notification") if top.message.is_some() => Some(notification(&top, beside, names)),
        Some(kind @ ("SubscriptionConfirmation" | "UnsubscribeConfirmation")) if top.topic_arn.is_some() => {
            Some(Err(confirmation(kind, &top)))
        }
        _ => match top.message {
            Some(message) if top.keys == 1 => {
                content(message).map(|content| content.map(|content| bare(content, beside.clone())))
            }
            _ => bridged(&top, beside).map(Ok),
        },
    }
}

/// Whether it says its name first, as what Melange writes does: then nothing after it makes it anything but an event.
fn begins_as_event(body: &str) -> bool {
    let first = || body.trim_start().strip_prefix('{')?.trim_start().strip_prefix("\"event_type_name\"");
    first().is_some_and(|rest| rest.trim_start().starts_with(':'))
}

/// Whether it has none of the keys by which wrappers are known, wherever it might have them.
fn is_surely_bare(body: &str) -> bool {
    let is_in_it = |words: &str| memmem::find(body.as_bytes(), words.as_bytes()).is_some();
    // An escape may stand for a letter of a key, as nobody writes it.
    let is_of_key = |at: usize| matches!(body.as_bytes().get(at + 4), Some(b'2'..=b'7'));
    !["\"Message\"", "\"TopicArn\"", "\"detail-type\""].into_iter().any(is_in_it)
        && !memmem::find_iter(body.as_bytes(), "\\u00").any(is_of_key)
}

/// What SNS says in its own way. `None` if that takes a closer look.
fn noticed(notice: Notice<'_>, beside: &Attributes, names: &Names) -> Option<Inbound> {
    let mut inbound = Inbound::new(Body::Json(notice.message?));
    inbound.attributes = notice.attributes.unwrap_or_default();
    add(&mut inbound.attributes, beside);
    from_bridge(&mut inbound);
    of_wrapper(&mut inbound, notice.topic_arn, notice.message_id, names);
    Some(inbound)
}

/// The notification that `json` is, whether or not it says so: what Lambda finds under `Sns`.
#[cfg_attr(
    not(feature = "lambda"),
    allow(dead_code, reason = "only Lambda's records are notifications by their place")
)]
pub(crate) fn open_notification(json: &str, names: &Names) -> Result<Inbound, Undecodable> {
    if let Some(inbound) = notice(json).and_then(|notice| noticed(notice, &Attributes::new(), names)) {
        return Ok(inbound);
    }
    match serde_json::from_str::<Top<'_>>(json) {
        Ok(top) if top.message.is_some() => notification(&top, &Attributes::new(), names),
        _ => Err(Undecodable::new("it is not an SNS notification: there is no `Message`")),
    }
}

/// What a rule of EventBridge sends on: the event is in `detail`, and where that does not say its name, `detail-type`
/// does. Source: the EventBridge user guide, events.
fn bridged(top: &Top<'_>, beside: &Attributes) -> Option<Inbound> {
    let detail = top.detail.filter(|detail| detail.get().starts_with('{'))?;
    let kind = top.detail_type.as_deref()?;
    top.source?;
    let mut inbound = Inbound::new(Body::Json(detail.get().into()));
    inbound.attributes = beside.clone();
    if [EVENT_TYPE, MANIFEST].iter().all(|name| inbound.attributes.get(name).is_none()) {
        inbound.attributes.set(EVENT_TYPE, AttributeValue::String(kind.to_owned()));
    }
    inbound.wrapper_id = top.id.as_ref().filter(|id| !id.is_empty()).map(|id| id.clone().into_owned());
    Some(inbound)
}

fn notification(top: &Top<'_>, beside: &Attributes, names: &Names) -> Result<Inbound, Undecodable> {
    let unreadable = || Undecodable::new("it is an SNS notification whose `Message` is neither text nor an object");
    let content = top.message.and_then(content).ok_or_else(unreadable)??;
    let mut inbound = Inbound::new(Body::Json(content));
    inbound.attributes = top.attributes.map(attributes).unwrap_or_default();
    add(&mut inbound.attributes, beside);
    from_bridge(&mut inbound);
    of_wrapper(&mut inbound, top.topic_arn.as_deref(), top.message_id.as_deref(), names);
    Ok(inbound)
}

/// What came beside it, where the wrapper does not say it.
fn add(attributes: &mut Attributes, beside: &Attributes) {
    if attributes.is_empty() {
        attributes.clone_from(beside);
        return;
    }
    for (name, value) in beside.iter() {
        if attributes.get(name).is_none() {
            attributes.set(name.to_owned(), value.clone());
        }
    }
}

/// A rule of EventBridge may send to a topic.
fn from_bridge(inbound: &mut Inbound) {
    if let Body::Json(body) = &inbound.body
        && !begins_as_event(body)
        && !is_surely_bare(body)
        && let Ok(inner) = serde_json::from_str::<Top<'_>>(body)
        && !inner.is_event
        && let Some(bridged) = bridged(&inner, &inbound.attributes)
    {
        *inbound = bridged;
    }
}

fn of_wrapper(inbound: &mut Inbound, topic_arn: Option<&str>, message_id: Option<&str>, names: &Names) {
    inbound.topic = topic_arn.and_then(|arn| names.topic_of(arn)).map(Into::into);
    let id = message_id.filter(|id| !id.is_empty()).map(str::to_owned);
    inbound.wrapper_id = id.or(inbound.wrapper_id.take());
}

/// The text that `message` spells, or the object that it is; `None` if it is something else.
fn content(message: &RawValue) -> Option<Result<Arc<str>, Undecodable>> {
    match message.get().as_bytes().first() {
        Some(b'"') => Some(
            text(message)
                .map(|text| text.as_ref().into())
                .ok_or_else(|| Undecodable::new("it is wrapped, and the text in its `Message` is not valid Unicode")),
        ),
        Some(b'{') => Some(Ok(message.get().into())),
        _ => None,
    }
}

/// Never quotes the letter: whoever has its token can confirm it.
fn confirmation(kind: &str, top: &Top<'_>) -> Undecodable {
    let arn = top.topic_arn.as_deref().unwrap_or_default();
    Undecodable::new(if kind == "SubscriptionConfirmation" {
        format!(
            "it is a letter of SNS that asks to confirm the subscription of this queue to {arn}, made from another account; \
             subscribe from the account of the queue instead, or confirm it by `aws sns confirm-subscription` with the token \
             in the letter"
        )
    } else {
        format!("it is a letter of SNS that says that this queue is no longer subscribed to {arn}")
    })
}

#[derive(Deserialize)]
struct Attribute<'a> {
    #[serde(borrow, default, rename = "Type")]
    data_type: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "Value")]
    value: Option<&'a RawValue>,
}

/// As SNS writes them: `{"name": {"Type": "String", "Value": ".."}}`, numbers as text or as numbers, bytes in base64.
/// What is not so is left out.
pub(crate) fn attributes(json: &RawValue) -> Attributes {
    let named: BTreeMap<String, &RawValue> = serde_json::from_str(json.get()).unwrap_or_default();
    let read = |json: &RawValue| {
        let attribute: Attribute<'_> = serde_json::from_str(json.get()).ok()?;
        let data_type = attribute.data_type.and_then(text).unwrap_or("String".into());
        let value = attribute.value?;
        let value = match text(value) {
            Some(text) => text.into_owned(),
            None if value.get().starts_with(['{', '[', 'n', '"']) => return None,
            None => value.get().to_owned(),
        };
        if data_type.starts_with("Binary") {
            return typed(&data_type, None, aws_smithy_types::base64::decode(value).ok());
        }
        typed(&data_type, Some(value), None)
    };
    let read = named.into_iter().filter_map(|(name, json)| Some((name, read(json)?)));
    read.take(MOST_ATTRIBUTES).collect()
}

#[cfg(test)]
mod tests;
