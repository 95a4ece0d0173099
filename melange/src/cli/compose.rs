//! An event from JSON that a person wrote.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Failure;
use crate::attributes::{Attributes, EVENT_TYPE};
use crate::codec::Layout;
use crate::event::Erased;
use crate::registry::versions::read_as;
use crate::wire::read;
use crate::{AttributeValue, EventDescriptor, Timestamp};

/// Whether the JSON is a whole message.
#[derive(Deserialize)]
struct Peek {
    #[serde(default)]
    event_type_name: Option<IgnoredAny>,
}

/// The event that `json` is: its own fields, as serde reads them, or a whole message of it, as a queue holds it.
pub(super) fn event(descriptor: &'static EventDescriptor, json: &str) -> Result<Erased, Failure> {
    let Some(codec) = descriptor.codec() else {
        return Err(Failure::usage(format!("{descriptor} is `#[event(local)]`, so it cannot leave the process")));
    };
    let refuse = |why: String| {
        Failure::usage(format!("this JSON is no {descriptor}: {why}")).help(format!(
            "`{}` is declared at {}",
            descriptor.type_name(),
            descriptor.location()
        ))
    };
    let is_message = serde_json::from_str::<Peek>(json).is_ok_and(|peek| peek.event_type_name.is_some());
    let alone = codec.layout() == Layout::Data && !is_message;
    // The reader wants it where messages have it.
    let body = if alone { format!("{{\"data\":{json}}}") } else { json.to_owned() };
    if alone && let Err(error) = serde_json::from_str::<IgnoredAny>(json) {
        return Err(refuse(format!("it is not valid JSON: {error}")));
    }
    let mut named = Attributes::new();
    named.set(EVENT_TYPE, AttributeValue::String(descriptor.name().to_owned()));
    let mut incoming = read(&body, &named).map_err(|why| refuse(why.to_string()))?;
    if !descriptor.is_read_as(&incoming.header.name) {
        return Err(refuse(format!("its \"event_type_name\" is {:?}", incoming.header.name)));
    }
    let now = incoming.header.occurred_on.unwrap_or_else(Timestamp::now);
    let version = *incoming.header.version.get_or_insert(descriptor.version());
    if version == descriptor.version() {
        // What serde says in full: it may quote what the person has just written.
        return incoming.decode(codec, now).map_err(|error| refuse(error.to_string()));
    }
    if !descriptor.ancestors().iter().any(|old| old.version() == version) {
        return Err(refuse(format!("its \"event_version\" is {version}, and that cannot be read")));
    }
    read_as(descriptor, &incoming, now).map(|(event, _)| event).map_err(|why| refuse(why.to_string()))
}
