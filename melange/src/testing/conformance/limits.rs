//! What is refused since it would not arrive, and what is taken though it is much.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Harness;
use super::events::{Placed, foreign};
use super::idle::{idle, one, receive};
use crate::attributes::AttributeValue;
use crate::transport::{Body, Delivery, Message, Transport, TransportErrorKind};

const REFUSED: Option<TransportErrorKind> = Some(TransportErrorKind::InvalidMessage);
/// Name, type and value of the only attribute of a foreign message.
const BESIDE: usize = "event_type".len() + "String".len() + "Placed".len();

async fn publish(queue: &impl Transport, messages: Vec<Message>) -> Vec<Option<TransportErrorKind>> {
    queue.publish(messages).await.into_iter().map(|answer| answer.err().map(|error| error.kind())).collect()
}

fn json(delivery: &Delivery) -> &str {
    match &delivery.content.as_ref().unwrap().body {
        Body::Json(json) => json,
        other => panic!("{other:?}"),
    }
}

/// So many bytes, with what JSON must escape among them.
fn bytes(count: usize) -> String {
    "x\"y\\".repeat(count / 4) + &"z".repeat(count % 4)
}

/// 262,144 bytes, what is beside the body included.
pub async fn a_topic_takes_so_many_bytes<H: Harness>(harness: H) {
    let queue = idle::<H, Placed>(&harness, "billing").await;
    let most = bytes(262_144 - BESIDE);
    assert_eq!(publish(&queue, vec![foreign("Placed", &format!("{most}x"))]).await, [REFUSED]);
    assert_eq!(publish(&queue, vec![foreign("Placed", &most)]).await, [None]);
    assert!(json(&one(&queue, "billing").await) == most, "it is as it was");
    assert!(receive(&queue, "billing", Duration::from_secs(1)).await.is_empty());
}

/// More than a topic, and not more than a mebibyte.
pub async fn a_queue_takes_so_many_bytes<H: Harness>(harness: H) {
    let queue = idle::<H, Placed>(&harness, "billing").await;
    let large = "x".repeat(1_000_000);
    let answers =
        queue.send("billing", vec![foreign("Placed", &large), foreign("Placed", &"x".repeat(1_048_576))], None).await;
    let kinds: Vec<_> = answers.into_iter().map(|answer| answer.err().map(|error| error.kind())).collect();
    assert_eq!(kinds, [None, REFUSED]);
    assert!(json(&one(&queue, "billing").await) == large, "it is as it was");
}

/// All arrive, whatever a request takes.
pub async fn a_batch_may_be_larger_than_a_request<H: Harness>(harness: H) {
    let queue = idle::<H, Placed>(&harness, "billing").await;
    let body = |number: usize| format!("{number} {}", "x".repeat(200_000));
    assert_eq!(publish(&queue, (0..5).map(|number| foreign("Placed", &body(number))).collect()).await, [None; 5]);
    let mut came = BTreeSet::new();
    while came.len() < 5 {
        let more = receive(&queue, "billing", Duration::from_secs(10)).await;
        assert!(!more.is_empty(), "{} came", came.len());
        came.extend(more.iter().map(|delivery| json(delivery).to_owned()));
    }
    assert_eq!(came, (0..5).map(body).collect());
}

/// Characters that no queue takes, an empty body, one that is too large: each has its own answer, and the others go.
pub async fn what_is_refused_does_not_hold_back_the_others<H: Harness>(harness: H) {
    let queue = idle::<H, Placed>(&harness, "billing").await;
    let bodies = [
        "one",
        "\u{0}",
        "\u{b}",
        "\u{1f}",
        "\u{fffe}",
        "\u{ffff}",
        "",
        &"x".repeat(262_144),
        "two \t\r\n\u{7f}\u{d7ff}\u{fffd}\u{10ffff}",
    ];
    let answers = publish(&queue, bodies.iter().map(|body| foreign("Placed", body)).collect()).await;
    assert_eq!(answers, [None, REFUSED, REFUSED, REFUSED, REFUSED, REFUSED, REFUSED, REFUSED, None]);
    let mut came = BTreeSet::new();
    while came.len() < 2 {
        let more = receive(&queue, "billing", Duration::from_secs(10)).await;
        assert!(!more.is_empty(), "{} came", came.len());
        came.extend(more.iter().map(|delivery| json(delivery).to_owned()));
    }
    assert_eq!(came, BTreeSet::from([bodies[0].to_owned(), bodies[8].to_owned()]));
    assert!(receive(&queue, "billing", Duration::from_secs(1)).await.is_empty());
}

/// Names that are reserved, values that topics refuse, and more than ten of them. Ten arrive.
pub async fn attributes_that_would_not_arrive_are_refused<H: Harness>(harness: H) {
    let queue = idle::<H, Placed>(&harness, "billing").await;
    let with = |pairs: &[(&str, &str)]| {
        let mut message = foreign("Placed", "{}");
        for (name, value) in pairs {
            message.attributes.set((*name).to_owned(), AttributeValue::String((*value).to_owned()));
        }
        message
    };
    let numbered: Vec<String> = (0..10).map(|i| format!("a{i}")).collect();
    let many: Vec<(&str, &str)> = numbered.iter().map(|name| (name.as_str(), "x")).collect();
    let bad = ["AWS.a", "amazon.a", ".a", "a.", "a..b", "a b", "é"].map(|name| with(&[(name, "x")]));
    let messages: Vec<Message> =
        bad.into_iter().chain([with(&[("a", "😀")]), with(&[("a", "\u{1}")]), with(&many), with(&many[1..])]).collect();
    let answers = publish(&queue, messages).await;
    let (last, refused) = answers.split_last().unwrap();
    assert!(refused.iter().all(|answer| *answer == REFUSED), "{refused:?}");
    assert_eq!(*last, None);
    assert_eq!(one(&queue, "billing").await.content.unwrap().attributes.len(), 10);
    assert!(receive(&queue, "billing", Duration::from_secs(1)).await.is_empty());
}

/// A longer one is refused, with the message.
pub async fn a_delay_is_fifteen_minutes_at_most<H: Harness>(harness: H) {
    let queue = idle::<H, Placed>(&harness, "billing").await;
    for (seconds, refused) in [(900, None), (901, REFUSED)] {
        let answers = queue.send("billing", vec![foreign("Placed", "{}")], Some(Duration::from_secs(seconds))).await;
        assert_eq!(answers[0].as_ref().err().map(|error| error.kind()), refused);
    }
    assert!(receive(&queue, "billing", Duration::from_secs(1)).await.is_empty());
}
