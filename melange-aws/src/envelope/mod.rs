//! The wrappers of SNS, and of EventBridge: the only file that knows them.

#[cfg(feature = "signatures")]
mod letter;
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
use top::{Top, text};

/// Most attributes read of one message; AWS sends ten.
const MOST_ATTRIBUTES: usize = 32;

/// Takes what came out of its wrapper, and gives `body` back as it was.
///
/// It knows, in this order: what says its own name and so is an event, whatever else it holds; the notification of SNS;
/// the two kinds of letters in which SNS asks to confirm something; `{"Message": ..}` with nothing beside, as Python
/// melange 6 and 7 send to a queue directly; an event of EventBridge, which is in its `detail`; and else the bare content, as
/// raw delivery brings it. What stands in the wrapper wins over `beside`, the attributes of the SQS message.
pub(crate) fn open(body: Arc<str>, beside: Attributes, names: &Names) -> (Arc<str>, Result<Inbound, Undecodable>) {
    if begins_as_event(&body) {
        return bare(body, beside);
    }
    let inbound = match serde_json::from_str::<Top<'_>>(&body) {
        Ok(top) if top.is_event => None,
        Ok(top) => match top.kind.as_deref() {
            Some("Notification") if top.message.is_some() => Some(notification(&top, beside.clone(), names)),
            Some(kind @ ("SubscriptionConfirmation" | "UnsubscribeConfirmation")) if top.topic_arn.is_some() => {
                Some(Err(confirmation(kind, &top)))
            }
            _ => match top.message {
                Some(message) if top.keys == 1 => content(message).map(|content| {
                    content.map(|content| {
                        let mut inbound = Inbound::new(Body::Json(content));
                        inbound.attributes = beside.clone();
                        inbound
                    })
                }),
                _ => bridged(&top, &beside).map(Ok),
            },
        },
        // Not a JSON object: whoever reads it says so.
        Err(_) => None,
    };
    match inbound {
        Some(inbound) => (body, inbound),
        None => bare(body, beside),
    }
}

fn bare(body: Arc<str>, beside: Attributes) -> (Arc<str>, Result<Inbound, Undecodable>) {
    let mut inbound = Inbound::new(Body::Json(Arc::clone(&body)));
    inbound.attributes = beside;
    (body, Ok(inbound))
}

/// Whether it says its name first, as what Melange writes does: then nothing after it makes it anything but an event.
fn begins_as_event(body: &str) -> bool {
    let first = || body.trim_start().strip_prefix('{')?.trim_start().strip_prefix("\"event_type_name\"");
    first().is_some_and(|rest| rest.trim_start().starts_with(':'))
}

/// The notification that `json` is, whether or not it says so: what Lambda finds under `Sns`.
#[cfg_attr(
    not(feature = "lambda"),
    allow(dead_code, reason = "only Lambda's records are notifications by their place")
)]
pub(crate) fn open_notification(json: &str, names: &Names) -> Result<Inbound, Undecodable> {
    match serde_json::from_str::<Top<'_>>(json) {
        Ok(top) if top.message.is_some() => notification(&top, Attributes::new(), names),
        _ => Err(Undecodable::new("it is not an SNS notification: there is no `Message`")),
    }
}

/// What a rule of EventBridge sends on: the event is in `detail`, and where that does not say its name, `detail-type` does.
/// Source: the EventBridge user guide, events.
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

fn notification(top: &Top<'_>, beside: Attributes, names: &Names) -> Result<Inbound, Undecodable> {
    let unreadable = || Undecodable::new("it is an SNS notification whose `Message` is neither text nor an object");
    let content = top.message.and_then(content).ok_or_else(unreadable)??;
    let mut inbound = Inbound::new(Body::Json(content));
    inbound.attributes = top.attributes.map(attributes).unwrap_or_default();
    for (name, value) in beside.iter() {
        if inbound.attributes.get(name).is_none() {
            inbound.attributes.set(name.to_owned(), value.clone());
        }
    }
    // A rule of EventBridge may send to a topic.
    if let Body::Json(body) = &inbound.body
        && !begins_as_event(body)
        && let Ok(inner) = serde_json::from_str::<Top<'_>>(body)
        && !inner.is_event
        && let Some(bridged) = bridged(&inner, &inbound.attributes)
    {
        inbound = bridged;
    }
    inbound.topic = top.topic_arn.as_deref().and_then(|arn| names.topic_of(arn));
    let id = top.message_id.as_ref().filter(|id| !id.is_empty()).map(|id| id.clone().into_owned());
    inbound.wrapper_id = id.or(inbound.wrapper_id);
    Ok(inbound)
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
