//! What a message holds, in whatever queue.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::attributes::{AttributeValue, Attributes};
use crate::transport::{Body, Message};
use crate::{EventId, Timestamp};

/// Body and attributes, and what is known beside them. Cheap to clone.
#[derive(Clone)]
pub(super) struct Content {
    /// The event's id, or the one that the topic gave it.
    pub(super) event_id: Option<EventId>,
    pub(super) occurred_on: Option<Timestamp>,
    pub(super) body: Body,
    pub(super) attributes: Attributes,
    /// Types of attributes that say more than `String`, `Number` or `Binary`, by name.
    pub(super) labels: Option<Arc<BTreeMap<String, String>>>,
    pub(super) topic: Option<Cow<'static, str>>,
}

impl Content {
    /// The type of the attribute `name`.
    pub(super) fn data_type<'a>(&'a self, name: &str, value: &AttributeValue) -> &'a str {
        let label = self.labels.as_ref().and_then(|labels| labels.get(name));
        label.map_or_else(|| plain_type(value), String::as_str)
    }

    /// Its JSON; `None` for local events.
    pub(super) fn json(&self) -> Option<&Arc<str>> {
        match &self.body {
            Body::Json(json) => Some(json),
            Body::Typed(_) => None,
        }
    }

    /// The bytes that are counted of it: body, and names, types and values of the attributes.
    pub(super) fn size(&self) -> usize {
        let attributes = self.attributes.iter().map(|(name, value)| (name, self.data_type(name, value), value));
        self.json().map_or(0, |json| json.len()) + attributes_size(attributes)
    }
}

/// The type of an attribute without a label.
pub(super) fn plain_type(value: &AttributeValue) -> &'static str {
    match value {
        AttributeValue::String(_) => "String",
        AttributeValue::Number(_) => "Number",
        AttributeValue::Binary(_) => "Binary",
    }
}

/// Source: the SQS API reference, `SendMessage`: name, type and value of each are part of the message's size.
pub(super) fn attributes_size<'a>(attributes: impl Iterator<Item = (&'a str, &'a str, &'a AttributeValue)>) -> usize {
    let value = |value: &AttributeValue| match value {
        AttributeValue::Binary(bytes) => bytes.len(),
        AttributeValue::String(text) | AttributeValue::Number(text) => text.len(),
    };
    attributes.map(|(name, data_type, v)| name.len() + data_type.len() + value(v)).sum()
}

impl From<&Message> for Content {
    fn from(message: &Message) -> Self {
        let Message { metadata, attributes, body, .. } = message;
        Self {
            event_id: Some(metadata.event_id.clone()),
            occurred_on: Some(metadata.occurred_on),
            body: body.clone(),
            attributes: attributes.clone(),
            labels: None,
            topic: Some(metadata.topic.clone()),
        }
    }
}
