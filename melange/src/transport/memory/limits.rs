//! What SNS and SQS refuse of a message, whoever sends it.
//!
//! Sources: the SQS API reference, `SendMessage` and `MessageAttributeValue`; the SNS API reference, `Publish`; the SNS
//! developer guide, message attributes.

use std::fmt;

use super::content::{attributes_size, plain_type};
use super::outgoing::Outgoing;
use super::refused::{Refused, RefusedKind};
use crate::attributes::{AttributeValue, Attributes, EVENT_TYPE, MANIFEST, SERIALIZER_ID};
use crate::transport::{Body, Message};

/// Most bytes that a topic takes unless it was told to, and that it can be told.
pub(super) const TOPIC_BYTES: usize = 262_144;
/// Most bytes that a queue takes.
pub(super) const QUEUE_BYTES: usize = 1_048_576;
/// Least that a queue or topic can be told to take. Source: the API references, `MaximumMessageSize`.
pub(super) const LEAST_BYTES: usize = 1_024;
/// Most attributes that a queue takes.
pub(super) const MOST_ATTRIBUTES: usize = 10;
const NAME: usize = 256;
/// Most significant digits of a number.
const DIGITS: usize = 38;

/// Who sets the limits, and how many bytes he takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits<'a> {
    pub(super) name: &'a str,
    pub(super) is_topic: bool,
    pub(super) bytes: usize,
}

impl fmt::Display for Limits<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", if self.is_topic { "topic" } else { "queue" }, self.name)
    }
}

/// The attributes that were found to be all right last, and how many bytes are counted of them: most events of a type have
/// the very same.
#[derive(Default)]
pub(super) struct Checked(Option<(Attributes, usize)>);

impl Checked {
    fn bytes(&self, attributes: &Attributes) -> Option<usize> {
        self.0.as_ref().filter(|(known, _)| known.is_same_list(attributes)).map(|(_, bytes)| *bytes)
    }
}

type Problem = (RefusedKind, String);

impl<'a> Limits<'a> {
    pub(super) fn topic(name: &'a str, bytes: usize) -> Self {
        Self { name, is_topic: true, bytes }
    }

    pub(super) fn queue(name: &'a str, bytes: usize) -> Self {
        Self { name, is_topic: false, bytes }
    }

    /// Refuses what a bus sends and would not arrive. Local events have no body to look at. Attributes that were `checked`
    /// before, by the same, are all right.
    pub(super) fn message(&self, message: &Message, checked: &mut Checked) -> Result<(), Refused> {
        let body = match &message.body {
            Body::Json(json) => Some(&**json),
            Body::Typed(_) => None,
        };
        if let Some(bytes) = checked.bytes(&message.attributes) {
            let body_or_size = || body.and_then(body_problem).or_else(|| self.size(body.map_or(0, str::len) + bytes));
            return self.answer(body_or_size());
        }
        let count = message.attributes.len();
        // A topic takes more than ten, and then they do not arrive: refused here, where it can be said.
        let many = (count > MOST_ATTRIBUTES).then(|| too_many(count));
        let bytes = attributes_size(plain(&message.attributes));
        self.answer(many.or_else(|| body.and_then(body_problem)).or_else(|| {
            let attributes =
                plain(&message.attributes).find_map(|(name, data_type, value)| self.attribute(name, data_type, value));
            attributes.or_else(|| self.size(body.map_or(0, str::len) + bytes))
        }))?;
        *checked = Checked(Some((message.attributes.clone(), bytes)));
        Ok(())
    }

    /// Refuses what any other program sends and SNS or SQS would not take.
    pub(super) fn outgoing(&self, message: &Outgoing) -> Result<(), Refused> {
        let count = message.attributes.len();
        let many = (!self.is_topic && count > MOST_ATTRIBUTES).then(|| too_many(count));
        self.answer(body_problem(&message.body).or(many).or_else(|| {
            let attributes =
                message.typed().find_map(|(name, data_type, value)| self.attribute(name, data_type, value));
            attributes.or_else(|| self.size(message.size()))
        }))
    }

    fn answer(&self, problem: Option<Problem>) -> Result<(), Refused> {
        problem.map_or(Ok(()), |(kind, why)| Err(Refused::new(kind, format!("{self}: {why}"))))
    }

    fn size(&self, bytes: usize) -> Option<Problem> {
        let most = self.bytes;
        let why = || format!("the message has {bytes} bytes, attributes included, where at most {most} are taken");
        (bytes > most).then(|| (RefusedKind::InvalidParameter, why()))
    }

    fn attribute(&self, name: &str, data_type: &str, value: &AttributeValue) -> Option<Problem> {
        let parameter = |why: String| Some((RefusedKind::InvalidParameter, why));
        if !is_attribute_name(name) {
            return parameter(format!(
                "attribute {name:?} has a name that is refused; letters, digits, `_`, `-` and single dots inside are allowed, \
                 and no beginning with `AWS.` or `Amazon.`"
            ));
        }
        if data_type != plain_type(value) && !is_labelled(data_type, value) {
            return parameter(format!(
                "attribute {name:?} has a type that is none of its value; `String`, `Number` and `Binary` are, each with a label \
                 of its own after a dot"
            ));
        }
        let text = match value {
            AttributeValue::Binary(bytes) if bytes.is_empty() => "",
            AttributeValue::Binary(_) => return None,
            AttributeValue::String(text) | AttributeValue::Number(text) => text,
        };
        if text.is_empty() {
            return parameter(format!("attribute {name:?} has an empty value"));
        }
        // SNS also refuses what UTF-16 needs two units for, such as emoji.
        let wide = |c: char| c > '\u{FFFF}' && self.is_topic;
        if !is_plain(text) && text.contains(|c| is_illegal(c) || wide(c)) {
            let why = format!(
                "attribute {name:?} has a character in its value that is refused: a control character or an emoji"
            );
            return Some((RefusedKind::InvalidContents, why));
        }
        let is_bad = matches!(value, AttributeValue::Number(_)) && !is_number(text);
        is_bad.then(|| {
            (RefusedKind::InvalidParameter, format!("attribute {name:?} is no number of at most {DIGITS} digits"))
        })
    }
}

/// Whether it is the type of such a value, and a label behind a dot.
fn is_labelled(data_type: &str, value: &AttributeValue) -> bool {
    let (base, label) = data_type.split_once('.').unwrap_or((data_type, ""));
    base == plain_type(value) && !label.is_empty() && data_type.len() <= NAME
}

fn plain(attributes: &Attributes) -> impl Iterator<Item = (&str, &str, &AttributeValue)> {
    attributes.iter().map(|(name, value)| (name, plain_type(value), value))
}

fn too_many(count: usize) -> Problem {
    let why = format!("the message has {count} attributes, where at most {MOST_ATTRIBUTES} arrive");
    (RefusedKind::InvalidParameter, why)
}

fn body_problem(body: &str) -> Option<Problem> {
    if body.is_empty() {
        return Some((RefusedKind::InvalidParameter, "the message has an empty body".to_owned()));
    }
    if is_plain(body) {
        return None;
    }
    let (at, c) = body.char_indices().find(|(_, c)| is_illegal(*c))?;
    let why =
        format!("the message has the character U+{:04X} at byte {at} of its body, which is refused", u32::from(c));
    Some((RefusedKind::InvalidContents, why))
}

/// Allowed are `#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF`.
fn is_illegal(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}')
}

/// Whether it is printable ASCII, as nearly all bodies are. Blocks of one size, and no branch within, so that many bytes are
/// looked at together; what is left behind the last is looked at with some of what stands before it.
fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_plain = |byte: &u8| (b' '..=b'~').contains(byte);
    let Some(last) = bytes.last_chunk::<32>() else { return bytes.iter().all(is_plain) };
    let mut most = [0; 32];
    for block in bytes.as_chunks::<32>().0.iter().chain([last]) {
        for (most, byte) in most.iter_mut().zip(block) {
            *most = byte.wrapping_sub(b' ').max(*most);
        }
    }
    most.iter().all(|most| *most <= b'~' - b' ')
}

fn is_attribute_name(name: &str) -> bool {
    if matches!(name, EVENT_TYPE | MANIFEST | SERIALIZER_ID) {
        return true;
    }
    let (bytes, mut after_dot) = (name.as_bytes(), true);
    for byte in bytes {
        let dot = *byte == b'.';
        if (dot && after_dot) || !(dot || byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')) {
            return false;
        }
        after_dot = dot;
    }
    let is_own = |own: &str| name.get(..own.len()).is_some_and(|head| head.eq_ignore_ascii_case(own));
    bytes.len() <= NAME && !after_dot && !(matches!(bytes, [b'a' | b'A', ..]) && (is_own("aws.") || is_own("amazon.")))
}

/// Source: the SQS developer guide, message attributes: 38 digits, from 10^-128 to 10^126.
fn is_number(text: &str) -> bool {
    if text.len() < DIGITS && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return true;
    }
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    // Zeros at either end are not counted.
    let (mut count, mut digits) = (0, 0);
    for digit in mantissa.bytes().filter(u8::is_ascii_digit).skip_while(|digit| *digit == b'0') {
        count += 1;
        digits = if digit == b'0' { digits } else { count };
    }
    let Ok(number) = text.parse::<f64>() else { return false };
    let size = number.abs();
    digits <= DIGITS && number.is_finite() && (size == 0.0 || (1e-128..=1e126).contains(&size))
}

/// Whether a group, deduplication or attempt id is one: 1 to 128 letters, digits and ASCII punctuation.
pub(super) fn is_id(id: &str) -> bool {
    (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}

/// What is wrong with the name of a topic or queue. Source: the API references, `CreateTopic` and `CreateQueue`.
pub(super) fn name_problem(what: &str, name: &str, longest: usize) -> Option<String> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    let base = name.strip_suffix(".fifo").unwrap_or(name);
    if base.is_empty() || name.len() > longest || !base.bytes().all(legal) {
        return Some(format!(
            "a {what} cannot be called {name:?}: 1 to {longest} letters, digits, `_` and `-` are allowed, and `.fifo` at the end"
        ));
    }
    None
}

pub(super) const QUEUE_NAME: usize = 80;
pub(super) const TOPIC_NAME: usize = 256;

#[cfg(test)]
mod tests;
