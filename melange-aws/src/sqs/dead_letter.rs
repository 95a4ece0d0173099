//! Dead letters: the message as it came, with the reason beside it.

use std::collections::HashMap;

use aws_sdk_sqs::types::MessageAttributeValue as Value;
use melange::attributes::{
    EVENT_TYPE, MANIFEST, ORIGINAL_QUEUE, REASON, REDRIVES, SERIALIZER_ID, SUBSCRIBER, TRACEPARENT,
};
use melange::transport::{DeadLetter, Delivery, TransportError};

use super::copy;
use super::held::Held;
use crate::attributes::text_to_sqs;
use crate::names::dead_letter_queue;
use crate::{Aws, limits};

/// Most bytes of body and attributes. Source: the SQS API reference, `SendMessage`.
const MAX_BYTES: usize = 1_048_576;

/// What is kept first when there are too many attributes: what is needed to read it, then to redrive it, then to know why.
const FIRST: [&str; 8] =
    [SERIALIZER_ID, EVENT_TYPE, MANIFEST, SUBSCRIBER, REASON, ORIGINAL_QUEUE, REDRIVES, TRACEPARENT];

/// Puts a copy of the message into the dead-letter queue of `queue`.
pub(crate) async fn dead_letter(
    aws: &Aws,
    queue: &str,
    delivery: &Delivery,
    letter: &DeadLetter,
) -> Result<(), TransportError> {
    let name = aws.names().queue(queue);
    let attributes = attributes(Held::of(&delivery.receipt)?, letter, &name);
    // Several subscribers may each give up the same message; the same one again is the same letter.
    let id = format!("{}/{}", delivery.message_id, letter.subscriber.as_deref().unwrap_or_default());
    copy::send(aws, &dead_letter_queue(&name), delivery, attributes, &id).await
}

/// What came beside the message, and the reason, within what SQS takes.
fn attributes(
    held: &Held,
    letter: &DeadLetter,
    queue: &str,
) -> Result<HashMap<String, Value>, aws_smithy_types::error::operation::BuildError> {
    let mut all = held.attributes()?;
    // What an earlier dead letter said is over.
    for ours in [REASON, SUBSCRIBER, ORIGINAL_QUEUE] {
        all.remove(ours);
    }
    all.insert(REASON.to_owned(), text_to_sqs(&plain(&letter.reason))?);
    all.insert(ORIGINAL_QUEUE.to_owned(), text_to_sqs(queue)?);
    if let Some(subscriber) = letter.subscriber.as_deref().filter(|name| !name.is_empty()) {
        // As it is: a redriven message is matched by it.
        all.insert(SUBSCRIBER.to_owned(), text_to_sqs(subscriber)?);
    }
    let rank = |name: &str| FIRST.iter().position(|first| *first == name).unwrap_or(FIRST.len());
    let mut ranked: Vec<(String, Value)> = all.into_iter().collect();
    ranked.sort_by(|(a, _), (b, _)| (rank(a), a).cmp(&(rank(b), b)));
    ranked.truncate(limits::MAX_ATTRIBUTES);
    let mut room = MAX_BYTES.saturating_sub(held.body.len());
    ranked.retain(|(name, value)| match room.checked_sub(name.len() + size(value)) {
        Some(left) => {
            room = left;
            true
        }
        None => false,
    });
    Ok(ranked.into_iter().collect())
}

fn size(value: &Value) -> usize {
    let bytes = value.binary_value().map_or(0, |blob| blob.as_ref().len());
    value.data_type().len() + value.string_value().map_or(0, str::len) + bytes
}

/// Never empty, and nothing that SQS refuses.
fn plain(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).collect();
    if plain.is_empty() { "?".to_owned() } else { plain }
}

#[cfg(test)]
mod tests {
    use melange::AttributeValue;

    use super::*;

    fn held(body: usize, names: impl IntoIterator<Item = String>) -> Held {
        Held {
            handle: "h".to_owned(),
            body: "x".repeat(body).into(),
            beside: names.into_iter().map(|name| (name, AttributeValue::String("v".to_owned()))).collect(),
            odd: HashMap::new(),
            group: None,
        }
    }

    fn kept(held: &Held, letter: &DeadLetter) -> HashMap<String, Value> {
        attributes(held, letter, "staging-billing").unwrap()
    }

    #[test]
    fn the_reason_stands_beside_what_came() {
        let letter = DeadLetter::given_up("billing::receipt", "no such order");
        let all = kept(&held(1, ["event_type".to_owned(), "tenant".to_owned()]), &letter);
        let text = |name: &str| all[name].string_value().unwrap_or_default().to_owned();
        assert_eq!(text("melange_reason"), "no such order");
        assert_eq!(text("melange_subscriber"), "billing::receipt");
        assert_eq!(text("melange_original_queue"), "staging-billing");
        assert_eq!((text("event_type"), text("tenant")), ("v".to_owned(), "v".to_owned()));
    }

    #[test]
    fn of_too_many_the_least_needed_go() {
        let own = ["serializer_id", "event_type", "manifest", "traceparent"].map(str::to_owned);
        let foreign = (0..6).map(|i| format!("a{i}"));
        let all = kept(&held(1, own.into_iter().chain(foreign)), &DeadLetter::given_up("s", "r"));
        assert_eq!(all.len(), 10);
        for needed in FIRST.into_iter().filter(|name| *name != REDRIVES) {
            assert!(all.contains_key(needed), "{needed}");
        }
        assert!(all.contains_key("a0") && all.contains_key("a2") && !all.contains_key("a3"));
    }

    #[test]
    fn a_letter_without_a_subscriber_says_none() {
        let mut old = held(1, ["melange_subscriber".to_owned()]);
        old.beside.set(REASON, AttributeValue::String("old".to_owned()));
        let all = kept(&old, &DeadLetter::unreadable("é\n"));
        assert!(!all.contains_key("melange_subscriber"));
        assert!(all["melange_reason"].string_value().is_some_and(|reason| reason.is_ascii() && reason != "old"));
    }

    #[test]
    fn a_body_that_fills_the_message_leaves_room_for_nothing() {
        assert!(kept(&held(MAX_BYTES, []), &DeadLetter::unreadable("x")).is_empty());
    }
}
