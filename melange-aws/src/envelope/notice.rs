//! A notification as SNS itself writes it, read in one pass over its text. Whatever is otherwise is left to the reader of
//! all that is JSON: what this one reads, that one reads the same.

use std::borrow::Cow;
use std::cell::Cell;
use std::sync::Arc;

use melange::{AttributeValue, Attributes};

use super::MOST_ATTRIBUTES;
use super::plain::Plain;
use crate::attributes::{known, typed};

/// What is read of a notification.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Notice<'a> {
    /// Whether it says that it is one.
    pub(super) is_said: bool,
    pub(super) message: Option<Arc<str>>,
    pub(super) message_id: Option<&'a str>,
    pub(super) topic_arn: Option<&'a str>,
    pub(super) attributes: Option<Attributes>,
}

/// The notification that `json` is. `None` if it is anything else, or is written in another way: with a key twice, with
/// values that are no texts, with escapes elsewhere than in its message.
pub(super) fn notice(json: &str) -> Option<Notice<'_>> {
    let mut notice = Notice::default();
    let mut rest = Plain::new(json);
    let mut is_first = true;
    rest.space();
    rest.take(b'{')?;
    while rest.next_entry(&mut is_first)? {
        match rest.key()? {
            "Type" if !notice.is_said => notice.is_said = rest.text()? == "Notification",
            "Message" if notice.message.is_none() => notice.message = Some(message(&mut rest)?),
            "MessageId" if notice.message_id.is_none() => notice.message_id = Some(rest.text()?),
            "TopicArn" if notice.topic_arn.is_none() => notice.topic_arn = Some(rest.text()?),
            "MessageAttributes" if notice.attributes.is_none() => notice.attributes = Some(attributes(&mut rest)?),
            // Twice, or what makes it an event that imitates a notification.
            "Type" | "Message" | "MessageId" | "TopicArn" | "MessageAttributes" | "event_type_name" | "specversion" => {
                return None;
            }
            _ => drop(rest.text()?),
        }
    }
    rest.is_at_end().then_some(notice)
}

/// Most bytes of memory that a thread keeps for the messages to come.
const KEPT: usize = 256 * 1024;

thread_local! {
    static MESSAGE: Cell<String> = const { Cell::new(String::new()) };
}

/// The text that comes next, out of its escapes.
fn message(rest: &mut Plain<'_>) -> Option<Arc<str>> {
    let mut text = MESSAGE.take();
    text.clear();
    let read = rest.escaped_text(&mut text).map(|()| Arc::from(text.as_str()));
    if text.capacity() <= KEPT {
        MESSAGE.set(text);
    }
    read
}

/// As `{"name": {"Type": "String", "Value": ".."}}`, in the order of their names.
fn attributes(rest: &mut Plain<'_>) -> Option<Attributes> {
    let mut named: Vec<(Cow<'static, str>, AttributeValue)> = Vec::new();
    let mut is_first = true;
    rest.take(b'{')?;
    while rest.next_entry(&mut is_first)? {
        let name = rest.key()?;
        if named.len() == MOST_ATTRIBUTES || named.iter().any(|(known, _)| known == name) {
            return None;
        }
        named.push((known(name), attribute(rest)?));
    }
    named.sort_by(|(one, _), (other, _)| one.cmp(other));
    Some(named.into_iter().collect())
}

/// Texts and numbers only.
fn attribute(rest: &mut Plain<'_>) -> Option<AttributeValue> {
    let (mut data_type, mut value) = (None, None);
    let mut is_first = true;
    rest.take(b'{')?;
    while rest.next_entry(&mut is_first)? {
        match rest.key()? {
            "Type" if data_type.is_none() => data_type = Some(rest.text()?),
            "Value" if value.is_none() => value = Some(rest.text()?),
            _ => return None,
        }
    }
    let data_type = data_type.filter(|data_type| !data_type.starts_with("Binary"))?;
    typed(data_type, Some(value?.to_owned()), None)
}
