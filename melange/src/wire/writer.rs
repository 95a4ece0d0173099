//! Writes a body: the type's name first, so that readers need not look further to route it.

use std::any::Any;
use std::collections::HashSet;
use std::fmt;

use serde::de::IgnoredAny;

use super::header::{DATA, Format, ID, OCCURRED_ON, RESERVED, TOPIC, TYPE, VERSION};
use super::moment::take_out;
use crate::codec::{Codec, Layout};
use crate::event::EventDescriptor;
use crate::metadata::Metadata;

/// An event could not be written.
#[derive(Debug)]
#[non_exhaustive]
pub(crate) enum WriteError {
    Local,
    Json(serde_json::Error),
    NotAnObject,
    Collision(String),
    Moment,
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("it is `#[event(local)]`, so it cannot leave the process"),
            Self::Json(error) => write!(f, "serde could not write it as JSON: {error}"),
            Self::NotAnObject => f.write_str(
                "it is a struct with named fields but serde writes it as something else than a JSON object; \
                 wrap it in a tuple struct, which travels under \"data\"",
            ),
            Self::Collision(key) => write!(
                f,
                "a flattened field brings the key \"{key}\", which is the envelope's; rename it, or wrap the event in a \
                 tuple struct, which travels under \"data\""
            ),
            Self::Moment => f.write_str(
                "serde writes its field `occurred_on` as something else than text, which no reader of the envelope takes; drop the \
                 `#[serde(with = ..)]` of that field, or give it another name, which `#[event(occurred_on)]` allows",
            ),
        }
    }
}

impl std::error::Error for WriteError {}

/// The body of `event`, as `format` wants it.
pub(crate) fn write(
    format: Format,
    descriptor: &EventDescriptor,
    metadata: &Metadata,
    event: &dyn Any,
) -> Result<String, WriteError> {
    let codec = descriptor.codec().ok_or(WriteError::Local)?;
    let mut body = Vec::with_capacity(1024);
    match format {
        Format::Melange => melange(&mut body, codec, metadata, event)?,
        Format::CloudEvents => cloud_events(&mut body, codec, metadata, event).map_err(WriteError::Json)?,
    }
    let body = String::from_utf8(body).map_err(|_| WriteError::Json(serde::ser::Error::custom("not UTF-8")))?;
    Ok(escape_noncharacters(body))
}

fn melange(to: &mut Vec<u8>, codec: &Codec, metadata: &Metadata, event: &dyn Any) -> Result<(), WriteError> {
    let own: &[&str] = match codec.layout() {
        Layout::Flat { own, .. } => own,
        Layout::Data => &[],
    };
    let mut entry = |key: &str, value: &dyn fmt::Display| string_entry(to, key, value);
    entry(TYPE, &metadata.event_type_name).map_err(WriteError::Json)?;
    entry(ID, &metadata.event_id).map_err(WriteError::Json)?;
    to.extend_from_slice(format!(",\"{VERSION}\":{}", metadata.version).as_bytes());
    string_entry(to, OCCURRED_ON, &metadata.occurred_on).map_err(WriteError::Json)?;
    if !own.contains(&TOPIC) {
        string_entry(to, TOPIC, &metadata.topic).map_err(WriteError::Json)?;
    }
    match codec.layout() {
        Layout::Data => {
            to.extend_from_slice(format!(",\"{DATA}\":").as_bytes());
            codec.encode(event, to).map_err(WriteError::Json)?;
            to.push(b'}');
        }
        Layout::Flat { own, open } => {
            let start = to.len();
            codec.encode(event, to).map_err(WriteError::Json)?;
            let alone = to.get(start..).unwrap_or_default();
            if alone.first() != Some(&b'{') {
                return Err(WriteError::NotAnObject);
            }
            if open {
                refuse_collisions(alone, own)?;
            }
            if own.contains(&OCCURRED_ON) {
                let rest = take_out(alone).map_err(WriteError::Json)?.ok_or(WriteError::Moment)?;
                to.truncate(start);
                to.extend_from_slice(&rest);
            }
            if to.get(start..) == Some(b"{}") {
                to.truncate(start);
                to.push(b'}');
            } else if let Some(brace) = to.get_mut(start) {
                *brace = b',';
            }
        }
    }
    Ok(())
}

fn cloud_events(to: &mut Vec<u8>, codec: &Codec, metadata: &Metadata, event: &dyn Any) -> serde_json::Result<()> {
    string_entry(to, "type", &metadata.event_type_name)?;
    string_entry(to, "specversion", &"1.0")?;
    string_entry(to, "id", &metadata.event_id)?;
    string_entry(to, "source", &format_args!("/melange/{}", metadata.topic))?;
    string_entry(to, "time", &metadata.occurred_on)?;
    string_entry(to, "datacontenttype", &"application/json")?;
    to.extend_from_slice(format!(",\"eventversion\":{}", metadata.version).as_bytes());
    string_entry(to, TOPIC, &metadata.topic)?;
    to.extend_from_slice(format!(",\"{DATA}\":").as_bytes());
    codec.encode(event, to)?;
    to.push(b'}');
    Ok(())
}

fn string_entry(to: &mut Vec<u8>, key: &str, value: &dyn fmt::Display) -> serde_json::Result<()> {
    to.push(if to.is_empty() { b'{' } else { b',' });
    serde_json::to_writer(&mut *to, key)?;
    to.push(b':');
    serde_json::to_writer(to, &value.to_string())
}

fn refuse_collisions(object: &[u8], own: &[&str]) -> Result<(), WriteError> {
    let keys: std::collections::HashMap<String, IgnoredAny> =
        serde_json::from_slice(object).map_err(WriteError::Json)?;
    let keys: HashSet<&str> = keys.keys().map(String::as_str).collect();
    match RESERVED.iter().find(|key| keys.contains(*key) && !own.contains(key)) {
        Some(key) => Err(WriteError::Collision((*key).to_owned())),
        None => Ok(()),
    }
}

/// SQS refuses U+FFFE and U+FFFF, which JSON need not escape: they can only stand inside strings, where an escape means
/// the same. Source: the SQS API reference, `SendMessage`, allowed characters.
fn escape_noncharacters(body: String) -> String {
    // Their first byte is rare, and found much sooner than they are.
    if body.as_bytes().contains(&0xEF) && body.contains(['\u{FFFE}', '\u{FFFF}']) {
        body.replace('\u{FFFE}', "\\ufffe").replace('\u{FFFF}', "\\uffff")
    } else {
        body
    }
}
