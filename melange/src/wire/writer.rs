//! Writes a body: the type's name first, so that readers need not look further to route it.

use std::any::Any;
use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;

use serde::Serialize;
use serde::de::IgnoredAny;

use super::header::{DATA, Format, OCCURRED_ON, RESERVED, TOPIC};
use super::moment::take_out;
use crate::codec::{Codec, Layout};
use crate::event::EventDescriptor;
use crate::metadata::Metadata;
use crate::{EventId, Timestamp};

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
    /// The buffer in which bodies are written: their length is known only at the end, and growing is expensive.
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
    write_head(to, metadata, !own.contains(&TOPIC)).map_err(WriteError::Json)?;
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

/// The envelope, without the end of its object.
fn write_head(to: &mut Vec<u8>, metadata: &Metadata, with_topic: bool) -> serde_json::Result<()> {
    let [of_type, of_id, of_version, of_moment, of_topic] = HEAD;
    to.extend_from_slice(of_type);
    text(to, &metadata.event_type_name)?;
    to.extend_from_slice(of_id);
    id(to, &metadata.event_id)?;
    to.extend_from_slice(of_version);
    match metadata.version {
        digit @ 0..=9 => to.push(b'0' + digit as u8),
        number => serde_json::to_writer(&mut *to, &number)?,
    }
    to.extend_from_slice(of_moment);
    moment(to, metadata.occurred_on)?;
    if with_topic {
        to.extend_from_slice(of_topic);
        text(to, &metadata.topic)?;
    }
    Ok(())
}

/// The envelope's keys as they stand in it.
const HEAD: [&[u8]; 5] =
    [b"{\"event_type_name\":", b",\"event_id\":", b",\"event_version\":", b",\"occurred_on\":", b",\"topic\":"];

fn cloud_events(to: &mut Vec<u8>, codec: &Codec, metadata: &Metadata, event: &dyn Any) -> serde_json::Result<()> {
    key(to, "type");
    text(to, &metadata.event_type_name)?;
    entry(to, "specversion", &"1.0")?;
    key(to, "id");
    id(to, &metadata.event_id)?;
    entry(to, "source", &format_args!("/melange/{}", metadata.topic))?;
    key(to, "time");
    moment(to, metadata.occurred_on)?;
    entry(to, "datacontenttype", &"application/json")?;
    entry(to, "eventversion", &metadata.version)?;
    key(to, TOPIC);
    text(to, &metadata.topic)?;
    key(to, DATA);
    codec.encode(event, to)?;
    to.push(b'}');
    Ok(())
}

fn entry(to: &mut Vec<u8>, name: &str, value: &impl Serialize) -> serde_json::Result<()> {
    key(to, name);
    serde_json::to_writer(to, value)
}

fn id(to: &mut Vec<u8>, id: &EventId) -> serde_json::Result<()> {
    match id.hyphenated(&mut [0; 36]) {
        Some(plain) => quoted(to, plain.as_bytes()),
        None => serde_json::to_writer(to, id)?,
    }
    Ok(())
}

fn moment(to: &mut Vec<u8>, at: Timestamp) -> serde_json::Result<()> {
    match at.written() {
        Some(plain) => quoted(to, &plain),
        None => serde_json::to_writer(to, &at)?,
    }
    Ok(())
}

/// Names of events and topics are mostly letters, and need no escapes.
fn text(to: &mut Vec<u8>, text: &str) -> serde_json::Result<()> {
    if text.bytes().fold(true, |plain, byte| plain & PLAIN[usize::from(byte)]) {
        quoted(to, text.as_bytes());
        return Ok(());
    }
    serde_json::to_writer(to, text)
}

/// The bytes that stand for themselves, whatever reads them.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        plain[byte] = (byte as u8).is_ascii_alphanumeric() || matches!(byte as u8, b'-' | b'_' | b'.');
        byte += 1;
    }
    plain
};

fn quoted(to: &mut Vec<u8>, plain: &[u8]) {
    to.push(b'"');
    to.extend_from_slice(plain);
    to.push(b'"');
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
    if memchr::memchr(0xEF, body.as_bytes()).is_some() && body.contains(['\u{FFFE}', '\u{FFFF}']) {
        Cow::Owned(body.replace('\u{FFFE}', "\\ufffe").replace('\u{FFFF}', "\\uffff"))
    } else {
        Cow::Borrowed(body)
    }
}

#[cfg(test)]
mod tests {
    use super::super::header::{ID, TYPE, VERSION};
    use super::*;

    #[test]
    fn the_head_has_the_keys_of_the_envelope() {
        let mut keys = Vec::new();
        let heads = [TYPE, ID, VERSION, OCCURRED_ON, TOPIC].map(|name| {
            let start = keys.len();
            key(&mut keys, name);
            keys.get(start..).unwrap().to_vec()
        });
        assert_eq!(heads.each_ref().map(Vec::as_slice), HEAD);
    }
}
