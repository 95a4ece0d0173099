//! Writes a body: the type's name first, so that readers need not look further to route it.

use std::any::Any;
use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;

use serde::Serialize;
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

/// Most bytes of memory that a thread keeps for the bodies to come.
const KEPT: usize = 64 * 1024;

thread_local! {
    /// Where bodies are written: how long one gets is known only at its end, and to grow is dear.
    static BODY: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// The body of `event`, as `format` wants it.
pub(crate) fn write<T: for<'a> From<&'a str>>(
    format: Format,
    descriptor: &EventDescriptor,
    metadata: &Metadata,
    event: &dyn Any,
) -> Result<T, WriteError> {
    let codec = descriptor.codec().ok_or(WriteError::Local)?;
    // An event that publishes another while it is written finds nothing here, and takes memory of its own.
    let mut body = BODY.take();
    body.clear();
    match format {
        Format::Melange => melange(&mut body, codec, metadata, event)?,
        Format::CloudEvents => cloud_events(&mut body, codec, metadata, event).map_err(WriteError::Json)?,
    }
    let text = std::str::from_utf8(&body).map_err(|_| WriteError::Json(serde::ser::Error::custom("not UTF-8")))?;
    let written = T::from(&escape_noncharacters(text));
    if body.capacity() <= KEPT {
        BODY.set(body);
    }
    Ok(written)
}

fn melange(to: &mut Vec<u8>, codec: &Codec, metadata: &Metadata, event: &dyn Any) -> Result<(), WriteError> {
    let own: &[&str] = match codec.layout() {
        Layout::Flat { own, .. } => own,
        Layout::Data => &[],
    };
    entry(to, TYPE, &metadata.event_type_name).map_err(WriteError::Json)?;
    entry(to, ID, &metadata.event_id).map_err(WriteError::Json)?;
    entry(to, VERSION, &metadata.version).map_err(WriteError::Json)?;
    entry(to, OCCURRED_ON, &metadata.occurred_on).map_err(WriteError::Json)?;
    if !own.contains(&TOPIC) {
        entry(to, TOPIC, &metadata.topic).map_err(WriteError::Json)?;
    }
    match codec.layout() {
        Layout::Data => {
            key(to, DATA);
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
    entry(to, "type", &metadata.event_type_name)?;
    entry(to, "specversion", &"1.0")?;
    entry(to, "id", &metadata.event_id)?;
    entry(to, "source", &format_args!("/melange/{}", metadata.topic))?;
    entry(to, "time", &metadata.occurred_on)?;
    entry(to, "datacontenttype", &"application/json")?;
    entry(to, "eventversion", &metadata.version)?;
    entry(to, TOPIC, &metadata.topic)?;
    key(to, DATA);
    codec.encode(event, to)?;
    to.push(b'}');
    Ok(())
}

fn entry(to: &mut Vec<u8>, name: &str, value: &impl Serialize) -> serde_json::Result<()> {
    key(to, name);
    serde_json::to_writer(to, value)
}

/// One of the envelope's, none of which needs an escape.
fn key(to: &mut Vec<u8>, name: &str) {
    to.extend_from_slice(if to.is_empty() { b"{\"" } else { b",\"" });
    to.extend_from_slice(name.as_bytes());
    to.extend_from_slice(b"\":");
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
fn escape_noncharacters(body: &str) -> Cow<'_, str> {
    // Their first byte is rare, and found much sooner than they are.
    if body.as_bytes().contains(&0xEF) && body.contains(['\u{FFFE}', '\u{FFFF}']) {
        Cow::Owned(body.replace('\u{FFFE}', "\\ufffe").replace('\u{FFFF}', "\\uffff"))
    } else {
        Cow::Borrowed(body)
    }
}
