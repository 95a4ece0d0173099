//! What a message holds, and what SNS and SQS refuse of it.
//!
//! Source: the SQS API reference, `SendMessage` and `MessageAttributeValue`; the SNS developer guide, message attributes.

use std::fmt::Write as _;
use std::sync::Arc;

use md5::{Digest, Md5};

/// Body and attributes, shared by all queues that have the message.
#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) body: Arc<str>,
    pub(crate) md5: String,
    pub(crate) attributes: Vec<Attribute>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attribute {
    pub(crate) name: String,
    pub(crate) data_type: String,
    pub(crate) value: Value,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    Bytes(Vec<u8>),
}

/// Most attributes that SQS takes. Source: the SQS developer guide, message quotas.
pub(crate) const MOST_ATTRIBUTES: usize = 10;

impl Content {
    pub(crate) fn new(body: impl Into<Arc<str>>, attributes: Vec<Attribute>) -> Self {
        let body = body.into();
        let md5 = hex(&Md5::digest(body.as_bytes()));
        Self { body, md5, attributes }
    }

    /// What is counted: body, and names, types and values of the attributes.
    pub(crate) fn size(&self) -> usize {
        self.body.len() + self.attributes.iter().map(Attribute::size).sum::<usize>()
    }
}

impl Attribute {
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            Value::Bytes(_) => None,
        }
    }

    /// `String`, `Number` or `Binary`, without the label.
    pub(crate) fn base(&self) -> &str {
        self.data_type.split('.').next().unwrap_or_default()
    }

    fn size(&self) -> usize {
        let value = match &self.value {
            Value::Text(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
        };
        self.name.len() + self.data_type.len() + value
    }

    /// What is wrong with it, in words.
    pub(crate) fn problem(&self) -> Option<String> {
        let Self { name, data_type, value } = self;
        let lower = name.to_ascii_lowercase();
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        if name.is_empty() || name.len() > 256 || !name.bytes().all(legal) {
            return Some(format!("Message (user) attribute name '{name}' is invalid"));
        }
        if name.starts_with('.') || name.ends_with('.') || name.contains("..") {
            return Some(format!("Message (user) attribute name '{name}' has dots where none may be"));
        }
        if lower.starts_with("aws.") || lower.starts_with("amazon.") {
            return Some(format!("Message (user) attribute name '{name}' uses a reserved prefix"));
        }
        if data_type.is_empty() || data_type.len() > 256 {
            return Some(format!("The message attribute '{name}' must contain a non-empty message attribute type"));
        }
        match (self.base(), value) {
            ("String" | "Number", Value::Text(text)) if text.is_empty() => {
                Some(format!("The message attribute '{name}' must contain a non-empty message attribute value"))
            }
            ("Binary", Value::Bytes(bytes)) if bytes.is_empty() => {
                Some(format!("The message attribute '{name}' must contain a non-empty message attribute value"))
            }
            ("Number", Value::Text(text)) if text.len() > 130 || text.parse::<f64>().is_err() => {
                Some(format!("Can't cast the value of message (user) attribute '{name}' to a number."))
            }
            ("String", Value::Text(_)) | ("Number", Value::Text(_)) | ("Binary", Value::Bytes(_)) => None,
            _ => Some(format!("The message attribute '{name}' has an invalid message attribute type")),
        }
    }
}

/// `#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF`.
pub(crate) fn is_legal(text: &str) -> bool {
    !text
        .chars()
        .any(|c| matches!(c, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}'))
}

/// Whether a group, deduplication or attempt id is one: 1 to 128 letters, digits and ASCII punctuation.
pub(crate) fn is_id(id: &str) -> bool {
    (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
