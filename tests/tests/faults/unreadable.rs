//! Messages that cannot be read, or hardly.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_sqs::types::MessageAttributeValue;
use melange::{Event, EventBus, Metadata, State, subscriber};
use melange_aws_stub::{REGION, Stub};
use serde::{Deserialize, Serialize};

use crate::counts::Counts;
use crate::events::jobs;
use crate::logs;
use crate::service::{WORKERS, queue, started, stop, until, workers};

/// Puts a body of any kind into the workers' queue.
async fn put(stub: &Stub, counts: &Counts, number: u64, body: &str, attributes: &[(&str, &str)]) {
    let sqs = aws_sdk_sqs::Client::new(&stub.sdk_config());
    let url = format!("{}/000000000000/{WORKERS}", stub.endpoint());
    let mut send = sqs.send_message().queue_url(url).message_body(body);
    for (name, value) in [("number", number.to_string().as_str())].iter().chain(attributes) {
        let value = MessageAttributeValue::builder().data_type("String").string_value(*value).build().unwrap();
        send = send.message_attributes(*name, value);
    }
    counts.attempt(number);
    send.send().await.unwrap();
    counts.acknowledge(number);
}

/// What was put into the dead-letter queue, by number: why.
fn dead(stub: &Stub, counts: &Counts) -> BTreeMap<u64, String> {
    let letters = stub.messages_in("workers-dlq");
    let reasons = letters.iter().map(|letter| {
        let number = letter.attributes["number"].parse().unwrap();
        counts.put_aside(number);
        (number, letter.attributes["melange_reason"].clone())
    });
    reasons.collect()
}

const SECRET: &str = "secret-of-row-10";

#[tokio::test(flavor = "multi_thread")]
async fn row_10_undecodable() {
    let logs = logs::collect();
    let (stub, counts) = (Stub::start().await, Counts::default());
    let bus = started(workers(queue(&stub, WORKERS, Duration::from_secs(30)), &counts)).await;
    let control = bus.queue(WORKERS).unwrap();
    control.pause();
    let confirmation = format!(
        r#"{{"Type":"SubscriptionConfirmation","MessageId":"{SECRET}","Token":"{SECRET}","TopicArn":"arn:aws:sns:{REGION}:000000000000:jobs","Message":"You have chosen","SubscribeURL":"https://{SECRET}","Timestamp":"2026-01-01T00:00:00.000Z"}}"#
    );
    let wrapped = |message: &str| {
        let message = serde_json::Value::from(message);
        format!(
            r#"{{"Type":"Notification","MessageId":"m","TopicArn":"arn:aws:sns:{REGION}:000000000000:jobs","Message":{message}}}"#
        )
    };
    let bodies = [
        format!(r#"{{"event_type_name":"Job","number":{SECRET}"#),
        SECRET.to_owned(),
        format!(r#"["{SECRET}"]"#),
        format!(r#"{{"number":1,"note":"{SECRET}"}}"#),
        format!(r#"{{"event_type_name":"Job","number":"{SECRET}"}}"#),
        format!(r#"{{"event_type_name":"Job","note":"{SECRET}"}}"#),
        // Invalid UTF-8, in base64.
        "//79/A==".to_owned(),
        wrapped(SECRET),
        wrapped(&wrapped(SECRET)),
        confirmation,
    ];
    let count = bodies.len() as u64;
    for (number, body) in (100..).zip(&bodies) {
        put(&stub, &counts, number, body, &[]).await;
        counts.publish(bus.publisher(), jobs([number - 100])).await;
    }
    // Unread, whatever it says.
    put(&stub, &counts, 100 + count, r#"{"event_type_name":"Job","number":1}"#, &[("serializer_id", "2")]).await;
    control.resume();
    until("the good ones are handled", || counts.received() as u64 == count).await;
    until("the others are put aside", || bus.metrics().dead_lettered == count + 1).await;
    let metrics = bus.metrics();
    assert_eq!((metrics.received, metrics.retried), (2 * count + 1, 0), "each was looked at once");
    let reasons = dead(&stub, &counts);
    assert_eq!(reasons.len() as u64, count + 1);
    assert!(reasons.values().all(|reason| !reason.contains(SECRET)), "{reasons:?}");
    stop(bus).await;
    assert!(logs.text().contains("dead-lettered") && !logs.text().contains(SECRET), "bodies are not logged");
    assert_eq!(counts.check(10).duplicated, 0);
}

/// An event that takes anything.
#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "things")]
struct Thing {
    number: u64,
    anything: serde_json::Value,
}

#[subscriber(listens_to = Thing)]
async fn take(thing: &Thing, meta: &Metadata, State(counts): State<Counts>) {
    counts.receive(thing.number, &meta.event_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn row_31_deep_nesting_huge_numbers_duplicate_keys_and_a_megabyte() {
    let (stub, counts) = (Stub::start().await, Counts::default());
    let transport = queue(&stub, WORKERS, Duration::from_secs(30));
    let bus = EventBus::builder().subscribers(melange::subscribers![take]).state(counts.clone());
    let bus = bus.transport(transport.clone()).wait(Duration::from_secs(1)).build().unwrap();
    melange::Transport::prepare(&transport, bus.topology()).await.unwrap();
    let deep = |open: &str, inner: &str, close: &str, times: usize| {
        format!("{}{inner}{}", open.repeat(times), close.repeat(times))
    };
    let thing = |number: u64, anything: &str| {
        format!(r#"{{"event_type_name":"Thing","event_id":"{number}","number":{number},"anything":{anything}}}"#)
    };
    let unreadable = [
        thing(0, &deep("[", "", "]", 10_000)),
        thing(1, &deep(r#"{"a":"#, "1", "}", 10_000)),
        // Where nobody looks for it.
        thing(2, "1").replace(r#""number":2"#, &format!(r#""other":{},"number":"x""#, deep("[", "", "]", 100_000))),
        deep("[", "", "]", 200_000),
        thing(4, &"1".repeat(2)).replace(r#""number":4"#, r#""number":1e400"#),
        thing(5, "1").replace(r#""number":5"#, &format!(r#""number":{}"#, "9".repeat(10_000))),
        thing(6, "1").replace(r#""number":6"#, r#""number":6,"number":7"#),
    ];
    let readable = [
        thing(10, &deep("[", "", "]", 100)),
        thing(11, "1e300"),
        thing(12, r#"{"a":1,"a":2}"#),
        thing(13, &format!("\"{}\"", "x".repeat(1_000_000))),
        thing(14, &format!("[{}0]", "0,".repeat(400_000))),
        thing(15, "1").replace(r#""number":15"#, &format!(r#""other":{},"number":15"#, deep("[", "", "]", 10_000))),
    ];
    for (number, body) in (0..).zip(&unreadable) {
        put(&stub, &counts, number, body, &[]).await;
    }
    for (number, body) in (10..).zip(&readable) {
        put(&stub, &counts, number, body, &[]).await;
    }
    bus.start().await.unwrap();
    let settled = || bus.metrics().dead_lettered + bus.metrics().handled;
    until("all are settled", || settled() == 13).await;
    let reasons = dead(&stub, &counts);
    assert_eq!(reasons.keys().copied().collect::<Vec<u64>>(), (0..7).collect::<Vec<u64>>(), "{reasons:#?}");
    assert_eq!((bus.metrics().received, bus.metrics().retried), (13, 0));
    assert_eq!(counts.check(31).duplicated, 0);
    stop(bus).await;
}
