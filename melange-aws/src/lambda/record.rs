//! A record of SQS, whatever is missing from it.

use std::collections::HashMap;

use aws_sdk_sqs::types::MessageAttributeValue as Value;
use aws_smithy_types::{Blob, base64};
use melange::attributes::TRACEPARENT;
use melange::transport::{Delivery, Undecodable};
use melange::{AttributeValue, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::xray;
use crate::names::{Names, is_fifo};
use crate::sqs::Held;
use crate::{attributes, envelope};

/// A record of SQS.
pub(super) struct Record {
    /// By which Lambda knows it. Without one it cannot be said to have failed.
    pub(super) id: Option<String>,
    /// Its queue, as AWS calls it.
    pub(super) queue: Option<String>,
    /// Of records in one lane, none runs after one that failed.
    pub(super) lane: Option<String>,
    pub(super) delivery: Delivery,
}

/// Who has sent a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Sqs,
    Sns,
    /// It has a body of neither.
    Unknown,
}

/// Each field by itself, so that one that is odd spoils none of the others.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Fields<'a> {
    #[serde(borrow)]
    message_id: Option<&'a RawValue>,
    #[serde(borrow)]
    receipt_handle: Option<&'a RawValue>,
    #[serde(borrow)]
    body: Option<&'a RawValue>,
    #[serde(borrow)]
    attributes: Option<&'a RawValue>,
    #[serde(borrow)]
    message_attributes: Option<&'a RawValue>,
    #[serde(borrow, rename = "eventSourceARN")]
    arn: Option<&'a RawValue>,
    #[serde(borrow, rename = "Sns")]
    sns: Option<&'a RawValue>,
}

/// What SQS itself says of the message.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct System<'a> {
    #[serde(borrow)]
    approximate_receive_count: Option<&'a RawValue>,
    #[serde(borrow)]
    sent_timestamp: Option<&'a RawValue>,
    #[serde(borrow)]
    message_group_id: Option<&'a RawValue>,
    /// Only messages of FIFO queues have one.
    #[serde(borrow)]
    sequence_number: Option<&'a RawValue>,
    #[serde(borrow, rename = "AWSTraceHeader")]
    trace: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attribute {
    data_type: Option<String>,
    string_value: Option<String>,
    binary_value: Option<String>,
}

/// Who has sent the record that `json` is.
pub(super) fn source(json: &RawValue) -> Source {
    match serde_json::from_str::<Fields<'_>>(json.get()) {
        Ok(fields) if fields.message_id.is_some() || fields.body.is_some() => Source::Sqs,
        Ok(fields) if fields.sns.is_some() => Source::Sns,
        _ => Source::Unknown,
    }
}

impl Record {
    pub(super) fn read(json: &RawValue) -> Self {
        let fields: Fields<'_> = read(Some(json));
        let system: System<'_> = read(fields.attributes);
        let id = text(fields.message_id).filter(|id| !id.is_empty());
        let queue =
            text(fields.arn).and_then(|arn| arn.rsplit(':').next().map(str::to_owned)).filter(|q| !q.is_empty());
        let group = text(system.message_group_id);
        // On a standard queue a group only shares the queue fairly; there is no order to keep.
        let ordered = queue.as_deref().is_some_and(is_fifo) || system.sequence_number.is_some();
        let lane = ordered.then(|| group.clone().unwrap_or_default());

        let mut odd = message_attributes(fields.message_attributes);
        let beside = attributes::from_sqs(&mut odd);
        let (body, content) = match body(fields.body) {
            Ok(body) => envelope::open(body.into(), beside.clone(), &Names::default()),
            Err(why) => ("".into(), Err(why)),
        };
        let content = content.map(|mut inbound| {
            let header = text(system.trace).filter(|_| inbound.attributes.get(TRACEPARENT).is_none());
            if let Some(parent) = header.and_then(|header| xray::traceparent(&header)) {
                inbound.attributes.set(TRACEPARENT, AttributeValue::String(parent));
            }
            inbound
        });
        let handle = text(fields.receipt_handle).unwrap_or_default();
        // Without an id it must still be told from others.
        let message_id = id.clone().unwrap_or_else(|| uuid::Uuid::now_v7().to_string());
        let receipt = Held::receipt(handle, body, beside, odd, group);
        let mut delivery = Delivery::new(message_id, content, receipt);
        delivery.attempt = number(system.approximate_receive_count).unwrap_or(1);
        delivery.sent_at = number(system.sent_timestamp).and_then(Timestamp::from_unix_millis);
        delivery.group.clone_from(&lane);
        Self { id, queue, lane, delivery }
    }
}

/// What is not as it should be is as if it were missing.
fn read<'a, T: Default + Deserialize<'a>>(json: Option<&'a RawValue>) -> T {
    json.and_then(|json| serde_json::from_str(json.get()).ok()).unwrap_or_default()
}

fn text(json: Option<&RawValue>) -> Option<String> {
    read(json)
}

/// SQS writes numbers as text.
fn number<T: std::str::FromStr>(json: Option<&RawValue>) -> Option<T> {
    text(json).or_else(|| json.map(|json| json.get().to_owned()))?.parse().ok()
}

/// As SQS has it a text; a pipe may have made an object of it.
fn body(json: Option<&RawValue>) -> Result<String, Undecodable> {
    let json = json.ok_or_else(|| Undecodable::new("the record has no body"))?;
    match json.get().as_bytes().first() {
        Some(b'{') => Ok(json.get().to_owned()),
        Some(b'"') => {
            text(Some(json)).ok_or_else(|| Undecodable::new("the text in the record's body is not valid Unicode"))
        }
        _ => Err(Undecodable::new("the record's body is neither text nor an object")),
    }
}

fn message_attributes(json: Option<&RawValue>) -> HashMap<String, Value> {
    let named: HashMap<String, &RawValue> = read(json);
    let value = |json: &RawValue| {
        let attribute: Attribute = serde_json::from_str(json.get()).ok()?;
        let bytes = attribute.binary_value.and_then(|text| base64::decode(text).ok());
        let data_type = attribute.data_type.unwrap_or_else(|| "String".to_owned());
        let value = Value::builder().data_type(data_type).set_string_value(attribute.string_value);
        value.set_binary_value(bytes.map(Blob::new)).build().ok()
    };
    named.into_iter().filter_map(|(name, json)| Some((name, value(json)?))).collect()
}
