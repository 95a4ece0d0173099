//! The keys of a body's outermost object, as far as they say what it is.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The keys of a body's outermost object.
#[derive(Default)]
pub(super) struct Top<'a> {
    pub(super) kind: Option<Cow<'a, str>>,
    pub(super) message: Option<&'a RawValue>,
    pub(super) message_id: Option<Cow<'a, str>>,
    pub(super) topic_arn: Option<Cow<'a, str>>,
    pub(super) attributes: Option<&'a RawValue>,
    /// It says the name of an event, or that it is a CloudEvent: SNS writes neither.
    pub(super) is_event: bool,
    /// Of EventBridge: what happened, what kind of thing that is, who says so, and the id.
    pub(super) detail: Option<&'a RawValue>,
    pub(super) detail_type: Option<Cow<'a, str>>,
    pub(super) source: Option<&'a RawValue>,
    pub(super) id: Option<Cow<'a, str>>,
    pub(super) keys: usize,
}

/// The text that `json` spells, if it is a text.
pub(super) fn text(json: &RawValue) -> Option<Cow<'_, str>> {
    #[derive(serde::Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    serde_json::from_str::<Text<'_>>(json.get()).ok().map(|text| text.0)
}

impl<'de> Deserialize<'de> for Top<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Keys)
    }
}

struct Keys;

impl<'de> Visitor<'de> for Keys {
    type Value = Top<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Top<'de>, A::Error> {
        let mut top = Top::default();
        while let Some(key) = map.next_key::<Key>()? {
            top.keys += 1;
            match key {
                Key::Type => top.kind = text(map.next_value()?),
                Key::Message => top.message = Some(map.next_value()?),
                Key::MessageId => top.message_id = text(map.next_value()?),
                Key::TopicArn => top.topic_arn = text(map.next_value()?),
                Key::MessageAttributes => top.attributes = Some(map.next_value()?),
                Key::Detail => top.detail = Some(map.next_value()?),
                Key::DetailType => top.detail_type = text(map.next_value()?),
                Key::Source => top.source = Some(map.next_value()?),
                Key::Id => top.id = text(map.next_value()?),
                Key::Event => {
                    map.next_value::<IgnoredAny>()?;
                    top.is_event = true;
                }
                Key::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(top)
    }
}

enum Key {
    Type,
    Message,
    MessageId,
    TopicArn,
    MessageAttributes,
    Event,
    Detail,
    DetailType,
    Source,
    Id,
    Other,
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Name;
        impl Visitor<'_> for Name {
            type Value = Key;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_str<E>(self, name: &str) -> Result<Key, E> {
                Ok(match name {
                    "Type" => Key::Type,
                    "Message" => Key::Message,
                    "MessageId" => Key::MessageId,
                    "TopicArn" => Key::TopicArn,
                    "MessageAttributes" => Key::MessageAttributes,
                    "event_type_name" | "specversion" => Key::Event,
                    "detail" => Key::Detail,
                    "detail-type" => Key::DetailType,
                    "source" => Key::Source,
                    "id" => Key::Id,
                    _ => Key::Other,
                })
            }
        }
        from.deserialize_str(Name)
    }
}
