//! A look at a message, whether or not anybody here can read it.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::Attributes;
use crate::attributes::{EVENT_TYPE, MANIFEST};

/// What a message says of itself, as far as it can be seen without knowing its event: of Melange's format, of Python
/// melange's, or a CloudEvent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Glance {
    /// The event's name.
    pub event_type_name: Option<String>,
    /// The event's version.
    pub version: Option<u32>,
    /// The event's id.
    pub event_id: Option<String>,
    /// When it happened, as it is written.
    pub occurred_on: Option<String>,
}

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow, default)]
    event_type_name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    event_version: Option<&'a RawValue>,
    #[serde(borrow, default)]
    event_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    occurred_on: Option<&'a RawValue>,
    #[serde(borrow, default)]
    specversion: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow, default)]
    eventversion: Option<&'a RawValue>,
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    time: Option<&'a RawValue>,
}

impl Glance {
    /// Of a message's body, and of what came beside it.
    #[must_use]
    pub fn at(body: Option<&str>, attributes: Option<&Attributes>) -> Self {
        let mut glance = body.and_then(within).unwrap_or_default();
        if glance.event_type_name.is_none()
            && let Some(attributes) = attributes
        {
            let named = |name| attributes.text(name).filter(|name| !name.is_empty() && *name != "json");
            glance.event_type_name = named(MANIFEST).or_else(|| named(EVENT_TYPE)).map(str::to_owned);
        }
        glance
    }
}

fn within(body: &str) -> Option<Glance> {
    let fields: Fields<'_> = serde_json::from_str(body).ok()?;
    let (name, version, id, at) = if fields.specversion.is_some() && fields.event_type_name.is_none() {
        (fields.kind, fields.eventversion, fields.id, fields.time)
    } else {
        (fields.event_type_name, fields.event_version, fields.event_id, fields.occurred_on)
    };
    Some(Glance {
        event_type_name: text(name),
        version: version.and_then(|version| version.get().trim_matches('"').parse().ok()),
        event_id: text(id),
        occurred_on: text(at),
    })
}

fn text(value: Option<&RawValue>) -> Option<String> {
    serde_json::from_str::<String>(value?.get()).ok().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AttributeValue;

    #[test]
    fn what_a_message_says_of_itself_is_seen() {
        let glance =
            Glance::at(Some(r#"{"event_type_name":"A","event_version":2,"event_id":"x","occurred_on":"y"}"#), None);
        assert_eq!((glance.event_type_name.as_deref(), glance.version), (Some("A"), Some(2)));
        assert_eq!((glance.event_id.as_deref(), glance.occurred_on.as_deref()), (Some("x"), Some("y")));
        let cloud = Glance::at(Some(r#"{"specversion":"1.0","type":"B","id":"x","time":"y"}"#), None);
        assert_eq!((cloud.event_type_name.as_deref(), cloud.event_id.as_deref()), (Some("B"), Some("x")));
        let mut beside = Attributes::new();
        beside.set(MANIFEST, AttributeValue::String("C".to_owned()));
        assert_eq!(Glance::at(Some("no JSON"), Some(&beside)).event_type_name.as_deref(), Some("C"));
        assert_eq!(Glance::at(None, None), Glance::default());
    }
}
