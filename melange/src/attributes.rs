//! Message attributes, which brokers can filter by.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// The name of an event, as brokers' filters read it; also what Python melange 4 to 7.0 reads.
pub const EVENT_TYPE: &str = "event_type";
/// The name of an event, as Python melange 7.1 and later reads it.
pub const MANIFEST: &str = "manifest";
/// How the body was serialized: 1 is JSON, 2 is Python's pickle (refused without being read).
pub const SERIALIZER_ID: &str = "serializer_id";
/// The W3C trace context, when there is one.
pub const TRACEPARENT: &str = "traceparent";
/// On a dead letter: the subscriber that gave it up; a message with this attribute runs that subscriber only.
pub const SUBSCRIBER: &str = "melange_subscriber";
/// On a dead letter: why it is one.
pub const REASON: &str = "melange_reason";
/// On a dead letter: the queue it came from.
pub const ORIGINAL_QUEUE: &str = "melange_original_queue";

/// On a message redriven from a dead-letter queue: how often that was done.
pub const REDRIVES: &str = "melange_redrives";

/// The most attributes a message may carry, Melange's own included. SQS allows 10 with raw message delivery (an
/// eleventh makes SNS drop the message silently), and two are left for tracing libraries and other tools.
pub const MAX_ATTRIBUTES: usize = 8;

/// How many of [`MAX_ATTRIBUTES`] Melange uses itself: `event_type`, `manifest`, `serializer_id` and `traceparent`.
pub const OWN_ATTRIBUTES: usize = 4;

/// The value of a message attribute. Never empty: brokers refuse empty values.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AttributeValue {
    /// Text.
    String(String),
    /// A number, in decimal digits.
    Number(String),
    /// Bytes.
    Binary(Vec<u8>),
}

impl AttributeValue {
    /// The value as text, unless it is binary.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) | Self::Number(text) => Some(text),
            Self::Binary(_) => None,
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::String(text) | Self::Number(text) => text.is_empty(),
            Self::Binary(bytes) => bytes.is_empty(),
        }
    }
}

/// The attributes of one message, by name, in the order they were set. Cheap to clone.
#[derive(Clone, Default)]
pub struct Attributes(Option<Arc<Entries>>);

type Entries = Vec<(Cow<'static, str>, AttributeValue)>;

impl Attributes {
    /// No attributes.
    #[must_use]
    pub const fn new() -> Self {
        Self(None)
    }

    fn entries(&self) -> &[(Cow<'static, str>, AttributeValue)] {
        self.0.as_deref().map_or(&[], Vec::as_slice)
    }

    /// The value under `name`, which is case-sensitive as it is for SQS.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&AttributeValue> {
        self.entries().iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The value under `name` as text, if there is one and it is not binary.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(AttributeValue::as_str)
    }

    /// Sets `name`, replacing a previous value. An empty value, which brokers refuse, is left out.
    pub fn set(&mut self, name: impl Into<Cow<'static, str>>, value: AttributeValue) {
        set(Arc::make_mut(self.0.get_or_insert_default()), name.into(), value);
    }

    /// Every name with its value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &AttributeValue)> {
        self.entries().iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// Whether they are one list with `other`, not merely alike. None at all are no list.
    pub(crate) fn is_same_list(&self, other: &Self) -> bool {
        matches!((&self.0, &other.0), (Some(one), Some(other)) if Arc::ptr_eq(one, other))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries().len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries().is_empty()
    }
}

fn set(entries: &mut Entries, name: Cow<'static, str>, value: AttributeValue) {
    entries.retain(|(known, _)| *known != name);
    if !value.is_empty() {
        entries.push((name, value));
    }
}

impl fmt::Debug for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Attributes").field(&self.entries()).finish()
    }
}

impl PartialEq for Attributes {
    fn eq(&self, other: &Self) -> bool {
        self.entries() == other.entries()
    }
}

impl Eq for Attributes {}

impl<N: Into<Cow<'static, str>>> FromIterator<(N, AttributeValue)> for Attributes {
    fn from_iter<I: IntoIterator<Item = (N, AttributeValue)>>(pairs: I) -> Self {
        let mut entries: Entries = pairs.into_iter().map(|(name, value)| (name.into(), value)).collect();
        let is_new = |(at, (name, _)): (usize, &(Cow<'static, str>, AttributeValue))| {
            entries.iter().take(at).all(|(known, _)| known != name)
        };
        if entries.iter().any(|(_, value)| value.is_empty()) || !entries.iter().enumerate().all(is_new) {
            for (name, value) in std::mem::take(&mut entries) {
                set(&mut entries, name, value);
            }
        }
        if entries.is_empty() { Self::new() } else { Self(Some(Arc::new(entries))) }
    }
}

/// A field type that can be sent as a message attribute, by `#[event(attribute)]`.
///
/// Text and `bool` become strings, integers become numbers (so that numeric filters work); `None` and empty text are
/// left out.
///
/// ```
/// use melange::{AttributeValue, IntoAttribute};
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Country(String);
///
/// impl IntoAttribute for Country {
///     fn to_attribute(&self) -> Option<AttributeValue> {
///         self.0.to_attribute()
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent as a message attribute",
    label = "not a message attribute",
    note = "attributes are text, `bool`, integers or `Option` of these; for a type of your own: `impl melange::IntoAttribute`"
)]
pub trait IntoAttribute {
    /// The value to send, or `None` to send nothing.
    fn to_attribute(&self) -> Option<AttributeValue>;
}

#[diagnostic::do_not_recommend]
impl IntoAttribute for str {
    fn to_attribute(&self) -> Option<AttributeValue> {
        (!self.is_empty()).then(|| AttributeValue::String(self.to_owned()))
    }
}

#[diagnostic::do_not_recommend]
impl IntoAttribute for bool {
    fn to_attribute(&self) -> Option<AttributeValue> {
        Some(AttributeValue::String(self.to_string()))
    }
}

#[diagnostic::do_not_recommend]
impl<T: IntoAttribute> IntoAttribute for Option<T> {
    fn to_attribute(&self) -> Option<AttributeValue> {
        self.as_ref().and_then(IntoAttribute::to_attribute)
    }
}

macro_rules! text_attributes {
    ($($text:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl IntoAttribute for $text {
            fn to_attribute(&self) -> Option<AttributeValue> {
                self.to_string().as_str().to_attribute()
            }
        }
    )*};
}

macro_rules! number_attributes {
    ($($number:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl IntoAttribute for $number {
            fn to_attribute(&self) -> Option<AttributeValue> {
                Some(AttributeValue::Number(self.to_string()))
            }
        }
    )*};
}

text_attributes!(String, &str, Box<str>, std::sync::Arc<str>, Cow<'_, str>, char, uuid::Uuid);
number_attributes!(u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_pairs_the_last_of_a_name_counts_and_empty_ones_are_left_out() {
        let text = |text: &str| AttributeValue::String(text.to_owned());
        let made: Attributes =
            [("a", text("1")), ("b", text("2")), ("a", text("3")), ("c", text(""))].into_iter().collect();
        let mut one_by_one = Attributes::new();
        for (name, value) in [("b", text("2")), ("a", text("3"))] {
            one_by_one.set(name, value);
        }
        assert_eq!((made, one_by_one.len()), (one_by_one.clone(), 2));
        let emptied: Attributes = [("a", text("1")), ("a", text(""))].into_iter().collect();
        assert!(emptied.is_empty());
    }
}
