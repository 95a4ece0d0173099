//! What is read, of whoever wrote it: every form that Python versions sent, and bodies that try a reader.

mod captured;
mod hands;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use captured::{Case, ExampleEvent, Notes, ProductAdded, Seen};
use hands::Hands;
use melange::transport::{Body, Inbound, Undecodable};
use melange::{
    AttributeValue, Attributes, Consumed, Event, Fate, Format, MessageConsumer, MessagePublisher, Metadata, Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Whatever JSON one sends.
#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "t")]
struct Anything {
    value: Value,
}

/// An event that owns keys which wrappers and other formats have.
#[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "t")]
#[serde(rename_all = "PascalCase")]
struct LetterWritten {
    r#type: String,
    message: String,
    topic_arn: Option<String>,
    #[serde(rename = "data")]
    data: Option<u8>,
    #[serde(rename = "id")]
    id: Option<u8>,
}

#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "t")]
struct Measured {
    small: Option<u8>,
    whole: Option<i64>,
    real: Option<f64>,
    vast: Option<u128>,
}

/// A consumer of all these, over hands of its own.
struct Reader {
    hands: Hands,
    consumer: MessageConsumer,
    notes: Notes,
    others: Arc<Mutex<Vec<String>>>,
}

impl Reader {
    fn new() -> Self {
        let (hands, notes, others) = (Hands::default(), Notes::default(), Arc::<Mutex<Vec<String>>>::default());
        let (products, examples) = (notes.clone(), notes.clone());
        let (anything, letters, measured) = (Arc::clone(&others), Arc::clone(&others), Arc::clone(&others));
        let consumer = MessageConsumer::builder()
            .transport(hands.clone())
            .subscribe(move |event: Arc<ProductAdded>, meta: Metadata| {
                products.product(&event, meta);
                async {}
            })
            .subscribe(move |event: Arc<ExampleEvent>, meta: Metadata| {
                examples.example(&event, meta);
                async {}
            })
            .subscribe(move |event: &Anything| anything.lock().unwrap().push(event.value.to_string()))
            .subscribe(move |event: &LetterWritten| letters.lock().unwrap().push(format!("{event:?}")))
            .subscribe(move |event: &Measured| measured.lock().unwrap().push(format!("{event:?}")))
            .wait(Duration::from_millis(10))
            .build()
            .unwrap();
        Self { hands, consumer, notes, others }
    }

    /// What becomes of a message, and what its dead letter says.
    async fn read(&self, body: &str, attributes: Attributes) -> (Consumed, Option<String>) {
        let mut inbound = Inbound::new(Body::Json(body.into()));
        inbound.attributes = attributes;
        self.hands.give(Ok(inbound));
        self.next().await
    }

    async fn next(&self) -> (Consumed, Option<String>) {
        let before = self.hands.0.lock().unwrap().deleted.len();
        let consumed = self.consumer.consume_event().await.unwrap();
        let mut held = self.hands.0.lock().unwrap();
        let letters = std::mem::take(&mut held.letters);
        assert!(letters.len() <= 1, "{letters:?}");
        if matches!(consumed.message(), Some(message) if !matches!(message.fate, Fate::Retried { .. })) {
            assert_eq!(held.deleted.len(), before + 1, "it was not deleted");
            assert!(held.put_back.is_empty(), "it was put back");
        }
        (consumed, letters.into_iter().next())
    }

    /// The one event a handled message brings.
    async fn handled(&self, body: &str) -> (Seen, Metadata) {
        self.handled_with(body, Attributes::new()).await
    }

    async fn handled_with(&self, body: &str, attributes: Attributes) -> (Seen, Metadata) {
        let (consumed, reason) = self.read(body, attributes).await;
        let fate = consumed.message().unwrap().fate;
        assert_eq!(fate, Fate::Handled, "{reason:?}: {:.200}", body);
        let mut seen = self.notes.take();
        assert_eq!(seen.len(), 1, "{body:.200}");
        seen.remove(0)
    }

    /// What another event's subscriber saw of a handled message.
    async fn other(&self, body: &str) -> String {
        let (consumed, reason) = self.read(body, Attributes::new()).await;
        assert_eq!(consumed.message().unwrap().fate, Fate::Handled, "{reason:?}: {body:.200}");
        self.others.lock().unwrap().pop().unwrap()
    }

    /// Why a message is dead-lettered, unseen by any subscriber.
    async fn dead(&self, body: &str, attributes: Attributes) -> String {
        let (consumed, reason) = self.read(body, attributes).await;
        let processed = consumed.message().unwrap();
        assert_eq!(processed.fate, Fate::DeadLettered, "{body:.200}");
        assert!(self.notes.take().is_empty() && self.others.lock().unwrap().is_empty());
        reason.unwrap()
    }
}

fn texts(pairs: &[(&'static str, &str)]) -> Attributes {
    Attributes::from_iter(pairs.iter().map(|(name, value)| (*name, AttributeValue::String((*value).to_owned()))))
}

fn product(rest: &str) -> String {
    format!(r#"{{"event_type_name": "ProductAdded", "product_id": 7{rest}}}"#)
}

// --- What others wrote. ---

async fn every(cases: Vec<Case>) {
    let reader = Reader::new();
    for case in cases {
        let (consumed, reason) = reader.read(&case.content, captured::attributes(&case.attributes)).await;
        captured::check(&case, &consumed, &reader.notes.take(), reason.as_deref());
    }
}

#[tokio::test]
async fn the_matrix_of_what_all_python_versions_were_asked_to_read() {
    every(captured::matrix()).await;
}

#[tokio::test]
async fn everything_that_python_versions_sent() {
    every(captured::captured()).await;
}

/// The requests themselves, as SNS took them: what raw delivery brings.
#[tokio::test]
async fn everything_that_python_versions_published() {
    #[derive(Deserialize)]
    struct Published {
        label: String,
        via: String,
        body: String,
        attributes: BTreeMap<String, captured::Attribute>,
    }
    let reader = Reader::new();
    let published: Vec<Published> = serde_json::from_str(include_str!("../python/published.json")).unwrap();
    let by_sns: Vec<Published> = published.into_iter().filter(|message| message.via == "sns").collect();
    assert_eq!(by_sns.len(), 16);
    for Published { label, body, attributes, .. } in by_sns {
        let (consumed, reason) = reader.read(&body, captured::attributes(&attributes)).await;
        let (fate, seen) = (consumed.message().unwrap().fate, reader.notes.take());
        if attributes.get("serializer_id").is_some_and(|id| id.value == "2") {
            assert!(fate == Fate::DeadLettered && reason.unwrap().contains("pickle"), "{label}");
        } else {
            assert_eq!((fate, seen.len()), (Fate::Handled, 1), "{label}: {reason:?}");
        }
    }
}

#[tokio::test]
async fn dates_in_every_form_that_python_ever_wrote() {
    let reader = Reader::new();
    for (written, read) in [
        ("2026-11-23T18:37:17.733359", "2026-11-23T18:37:17.733359+00:00"),
        ("2017-09-03T10:11:38", "2017-09-03T10:11:38.000000+00:00"),
        ("2017-11-08T12:00:00.000005+00:00", "2017-11-08T12:00:00.000005+00:00"),
        ("2017-11-08T12:00:00+00:00", "2017-11-08T12:00:00.000000+00:00"),
        ("2017-11-08T12:00:00.5+02:00", "2017-11-08T10:00:00.500000+00:00"),
        ("2017-11-08T12:00:00.000005-05:30", "2017-11-08T17:30:00.000005+00:00"),
        ("2017-11-08T12:00:00+0000", "2017-11-08T12:00:00.000000+00:00"),
        ("2017-11-08T12:00:00+02", "2017-11-08T10:00:00.000000+00:00"),
        ("2017-09-03T10:11:38.123456Z", "2017-09-03T10:11:38.123456+00:00"),
        ("2017-09-03T10:11:38Z", "2017-09-03T10:11:38.000000+00:00"),
        ("2017-09-03T10:11:38.123456789Z", "2017-09-03T10:11:38.123456+00:00"),
        ("2017-09-03T10:11:38.123456789012+00:00", "2017-09-03T10:11:38.123456+00:00"),
        ("2017-09-03T10:11:38.123456789012", "2017-09-03T10:11:38.123456+00:00"),
        ("2017-09-03 10:11:38.123456", "2017-09-03T10:11:38.123456+00:00"),
        ("2017-09-03 10:11:38+00:00", "2017-09-03T10:11:38.000000+00:00"),
        ("2017-09-03 10:11:38.123456+02:00", "2017-09-03T08:11:38.123456+00:00"),
        ("2017-09-03", "2017-09-03T00:00:00.000000+00:00"),
        ("1969-12-31T23:59:59.999999+00:00", "1969-12-31T23:59:59.999999+00:00"),
        ("0001-01-01T00:00:00", "0001-01-01T00:00:00.000000+00:00"),
        ("9999-12-31T23:59:59.999999", "9999-12-31T23:59:59.999999+00:00"),
    ] {
        let (seen, _) = reader.handled(&product(&format!(r#", "occurred_on": "{written}""#))).await;
        assert_eq!(seen.occurred_on.as_deref(), Some(read), "{written}");
    }
    for wrong in [r#""""#, r#""soon""#, r#""2017-13-01""#, "1511462237", "{}", "true", r#""2017-09-03T10:11:38+99:00""#]
    {
        let reason = reader.dead(&product(&format!(r#", "occurred_on": {wrong}"#)), Attributes::new()).await;
        assert!(reason.contains("\"occurred_on\" is not a date"), "{wrong}: {reason}");
    }
}

#[tokio::test]
async fn without_a_date_the_moment_the_queue_got_it_stands_for_it() {
    let reader = Reader::new();
    let sent: Timestamp = "2026-01-02T03:04:05.678Z".parse().unwrap();
    for rest in ["", r#", "occurred_on": null"#] {
        let inbound = Inbound::new(Body::Json(product(rest).into()));
        reader.hands.give_as(Ok(inbound), |delivery| delivery.sent_at = Some(sent));
        reader.next().await;
        assert_eq!(reader.notes.take()[0].1.occurred_on, sent);
        let before = Timestamp::now();
        let (_, meta) = reader.handled(&product(rest)).await;
        assert!(before <= meta.occurred_on && meta.occurred_on <= Timestamp::now());
    }
}

#[tokio::test]
async fn without_an_id_the_messages_own_stands_for_it() {
    let reader = Reader::new();
    let inbound = || Inbound::new(Body::Json(product("").into()));
    reader.hands.give(Ok(inbound()));
    let mut wrapped = inbound();
    wrapped.wrapper_id = Some("w-1".to_owned());
    reader.hands.give(Ok(wrapped));
    for id in ["m-1", "w-1"] {
        reader.next().await;
        assert_eq!(reader.notes.take()[0].1.event_id.to_string(), id);
    }
    for (id, read) in [
        (r#""0198c0de-7000-7000-8000-000000000000""#, "0198c0de-7000-7000-8000-000000000000"),
        (r#""order:1/2""#, "order:1/2"),
        // What is no id leaves the message's own.
        ("5", "m-5"),
        (r#""""#, "m-6"),
        ("null", "m-7"),
    ] {
        let (_, meta) = reader.handled(&product(&format!(r#", "event_id": {id}"#))).await;
        assert_eq!(meta.event_id.to_string(), read);
    }
}

#[tokio::test]
async fn keys_in_any_order() {
    let reader = Reader::new();
    let entries = [
        r#""event_type_name": "ProductAdded""#,
        r#""product_id": 7"#,
        r#""occurred_on": "2017-09-03T10:11:38.123456""#,
        r#""name": "n""#,
        r#""topic": "u""#,
    ];
    // Every rotation, forwards and backwards.
    for turn in 0..entries.len() {
        for backwards in [false, true] {
            let mut entries = entries.to_vec();
            entries.rotate_left(turn);
            if backwards {
                entries.reverse();
            }
            let (seen, meta) = reader.handled(&format!("{{{}}}", entries.join(", "))).await;
            assert_eq!((seen.product_id, seen.name.as_deref(), meta.topic.as_ref()), (Some(7), Some("n"), "u"));
            assert_eq!(seen.occurred_on.as_deref(), Some("2017-09-03T10:11:38.123456+00:00"));
        }
    }
}

#[tokio::test]
async fn escapes_and_white_space_mean_what_json_says() {
    let reader = Reader::new();
    let (seen, _) = reader
        .handled(r#"{"\u0065vent_type_name": "Exam\u0070leEvent", "d\u0061ta": "\u00e9\u2603 \"q\" \ud83d\ude00 \/ \\ \b\f\n\r\t\u0000"}"#)
        .await;
    assert_eq!(seen.data.as_deref(), Some("é☃ \"q\" 😀 / \\ \u{8}\u{c}\n\r\t\u{0}"));
    let (seen, _) = reader.handled("\t\r\n {\n\"data\"\t:\r\n\"é☃😀\" ,\"event_type_name\":\"ExampleEvent\"} \n").await;
    assert_eq!(seen.data.as_deref(), Some("é☃😀"));
    for broken in [r#"\ud83d"#, r#"\ude00\ud83d"#, r#"\ud83dx"#, r#"\u12"#, r#"\x"#, "\n"] {
        let body = format!(r#"{{"event_type_name": "ExampleEvent", "data": "{broken}"}}"#);
        reader.dead(&body, Attributes::new()).await;
    }
    let reason =
        reader.dead("\u{feff}{\"event_type_name\": \"ExampleEvent\", \"data\": \"\"}", Attributes::new()).await;
    assert!(reason.contains("not valid JSON"), "{reason}");
}

// --- Names and attributes. ---

#[tokio::test]
async fn the_name_is_the_bodys_else_the_manifests_else_the_event_types() {
    let reader = Reader::new();
    let (named, bare) = (product(""), r#"{"product_id": 7}"#);
    for (body, beside) in [
        (named.as_str(), &[("manifest", "ExampleEvent"), ("event_type", "ExampleEvent")] as &[_]),
        (named.as_str(), &[("manifest", "json"), ("event_type", "json")]),
        (bare, &[("manifest", "ProductAdded"), ("event_type", "ExampleEvent")]),
        (bare, &[("manifest", "ProductAdded")]),
        (bare, &[("event_type", "ProductAdded")]),
        // Python's JsonSerializer names itself, not the event.
        (bare, &[("manifest", "json"), ("event_type", "ProductAdded")]),
        (bare, &[("manifest", ""), ("event_type", "ProductAdded")]),
        (r#"{"event_type_name": "", "product_id": 7}"#, &[("manifest", "ProductAdded")]),
        (r#"{"event_type_name": null, "product_id": 7}"#, &[("manifest", "ProductAdded")]),
        (r#"{"event_type_name": 3, "product_id": 7}"#, &[("manifest", "ProductAdded")]),
    ] {
        let (seen, meta) = reader.handled_with(body, texts(beside)).await;
        assert_eq!((seen.product_id, meta.event_type_name.as_ref()), (Some(7), "ProductAdded"), "{beside:?}");
    }
    for beside in [
        &[] as &[_],
        &[("manifest", "json")],
        &[("event_type", "json")],
        &[("manifest", "json"), ("event_type", "json")],
    ] {
        let reason = reader.dead(bare, texts(beside)).await;
        assert!(reason.contains("does not say what it is"), "{beside:?}: {reason}");
    }
    let mut binary = Attributes::new();
    binary.set("manifest", AttributeValue::Binary(b"ProductAdded".to_vec()));
    assert!(reader.dead(bare, binary).await.contains("does not say what it is"));
}

#[tokio::test]
async fn a_pickle_is_refused_unread() {
    let reader = Reader::new();
    for body in ["gASVCQAAAAAAAABdlChLAUsCZS4=\n", &product(""), "{", ""] {
        for id in [
            AttributeValue::Number("2".into()),
            AttributeValue::String("2".into()),
            AttributeValue::String(" 2 ".into()),
        ] {
            let mut beside = texts(&[("manifest", "ProductAdded")]);
            beside.set("serializer_id", id);
            let reason = reader.dead(body, beside).await;
            assert!(reason.contains("pickle") && reason.contains("publish JSON"), "{reason}");
        }
    }
}

#[tokio::test]
async fn other_serializers_are_read_if_what_they_wrote_is_json() {
    let reader = Reader::new();
    for id in ["1", "0", "123", "99", "-1", "1.0", "x", "22"] {
        for value in [AttributeValue::Number(id.to_owned()), AttributeValue::String(id.to_owned())] {
            let mut beside = Attributes::new();
            beside.set("serializer_id", value);
            assert_eq!(reader.handled_with(&product(""), beside).await.0.product_id, Some(7), "{id}");
        }
    }
    let mut beside = texts(&[("manifest", "ProductAdded")]);
    beside.set("serializer_id", AttributeValue::Number("123".to_owned()));
    assert!(reader.dead("<product id='7'/>", beside).await.contains("not valid JSON"));
}

// --- Bodies that try a reader. ---

#[tokio::test]
async fn an_event_may_own_the_keys_of_wrappers_and_other_formats() {
    let reader = Reader::new();
    let body = r#"{"event_type_name": "LetterWritten", "Type": "Notification", "Message": "{\"a\": 1}", "TopicArn": "arn",
                   "data": 1, "id": 2, "type": "x", "time": {}, "source": 3}"#;
    let seen = reader.other(body).await;
    assert!(seen.contains("Notification") && seen.contains(r#"{\"a\": 1}"#), "{seen}");
    let written = reader.other(r#"{"event_type_name": "LetterWritten", "Message": "m", "Type": "t"}"#).await;
    assert!(written.contains("\"m\""), "{written}");
}

#[tokio::test]
async fn unknown_fields_are_left_out() {
    let reader = Reader::new();
    let extra = r#", "": 0, "null": null, "nested": {"event_type_name": "x", "deep": [{}, [], "\u2603"]}, "Message": "m",
                   "specversion": "1.0", "big": 123456789012345678901234567890.5e-7, "event_version": 1"#;
    assert_eq!(reader.handled(&product(extra)).await.0.product_id, Some(7));
}

#[tokio::test]
async fn a_key_that_is_there_twice_is_refused_where_it_means_something() {
    let reader = Reader::new();
    for (rest, key) in [
        (r#", "event_type_name": "ExampleEvent""#, "event_type_name"),
        (r#", "event_type_name": "ProductAdded""#, "event_type_name"),
        (r#", "event_id": "a", "event_id": "b""#, "event_id"),
        (r#", "occurred_on": "2017-09-03", "occurred_on": "2017-09-04""#, "occurred_on"),
        (r#", "product_id": 8"#, "product_id"),
        (r#", "product\u005fid": 8"#, "product_id"),
    ] {
        let reason = reader.dead(&product(rest), Attributes::new()).await;
        assert!(reason.contains(&format!("`{key}` twice")), "{rest}: {reason}");
    }
    // What nobody reads may stand there as often as it likes.
    assert_eq!(reader.handled(&product(r#", "x": 1, "x": 2, "x": [3]"#)).await.0.product_id, Some(7));
}

#[tokio::test]
async fn nesting_ten_thousand_levels_deep_overflows_nothing() {
    let reader = Reader::new();
    const LEVELS: usize = 10_000;
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let closed = format!("{}0{}", open.repeat(LEVELS), close.repeat(LEVELS));
        let open = open.repeat(LEVELS);
        // Nobody looks at it.
        assert_eq!(reader.handled(&product(&format!(r#", "x": {closed}"#))).await.0.product_id, Some(7));
        for body in [
            format!(r#"{{"event_type_name": "Anything", "value": {closed}}}"#),
            format!(r#"{{"event_type_name": "Anything", "value": {open}"#),
            format!(r#"{{"event_type_name": {closed}}}"#),
            format!(r#"{{"event_type_name": "ProductAdded", "product_id": 7, "occurred_on": {closed}}}"#),
            format!(r#"{{"event_type_name": "ProductAdded", "product_id": {closed}}}"#),
            format!(r#"{{"specversion": "1.0", "type": "Anything", "data": {{"value": {closed}}}}}"#),
            product(&format!(r#", "x": {open}"#)),
            closed.clone(),
            open.clone(),
        ] {
            reader.dead(&body, Attributes::new()).await;
        }
    }
}

#[tokio::test]
async fn numbers_of_any_size_are_read_or_refused_never_bent() {
    let reader = Reader::new();
    let measured = |field: &str| format!(r#"{{"event_type_name": "Measured", {field}}}"#);
    for (field, seen) in [
        (r#""small": 255"#, "small: Some(255)"),
        (r#""whole": -9223372036854775808"#, "whole: Some(-9223372036854775808)"),
        (r#""real": 1e308"#, "real: Some(1e308)"),
        (r#""real": 4"#, "real: Some(4.0)"),
        (r#""vast": 340282366920938463463374607431768211455"#, "vast: Some(340282366920938463463374607431768211455)"),
    ] {
        let all = reader.other(&measured(field)).await;
        assert!(all.contains(seen), "{field}: {all}");
    }
    let digits = "9".repeat(100_000);
    for field in [
        r#""small": 256"#,
        r#""small": -1"#,
        r#""small": 1.5"#,
        r#""whole": 9223372036854775808"#,
        r#""vast": 340282366920938463463374607431768211456"#,
        r#""real": 1e999"#,
        r#""real": NaN"#,
        r#""real": Infinity"#,
        r#""real": .5"#,
        r#""real": 01"#,
        &format!(r#""whole": {digits}"#),
        &format!(r#""small": 0.{digits}"#),
    ] {
        reader.dead(&measured(field), Attributes::new()).await;
    }
    // As a version, too.
    for version in ["18446744073709551616", "1e9", "-0", &digits] {
        reader.dead(&product(&format!(r#", "event_version": {version}"#)), Attributes::new()).await;
    }
}

#[tokio::test]
async fn a_mebibyte_of_text_anywhere() {
    let reader = Reader::new();
    let long = "é".repeat(1 << 19);
    let (seen, _) = reader.handled(&format!(r#"{{"event_type_name": "ExampleEvent", "data": "{long}"}}"#)).await;
    assert!(seen.data.as_deref() == Some(&long), "{} bytes", seen.data.map_or(0, |data| data.len()));
    let escaped = "\\u00e9".repeat(1 << 17);
    let (seen, _) = reader.handled(&format!(r#"{{"event_type_name": "ExampleEvent", "data": "{escaped}"}}"#)).await;
    assert!(seen.data == Some("é".repeat(1 << 17)));
    assert_eq!(reader.handled(&product(&format!(r#", "{long}": 1"#))).await.0.product_id, Some(7));
    for body in [
        long.clone(),
        format!(r#"{{"event_type_name": "{long}", "product_id": 7}}"#),
        format!(r#"{{"event_type_name": "ProductAdded", "product_id": "{long}"}}"#),
        format!(r#"{{"event_type_name": "ProductAdded", "product_id": 7, "occurred_on": "{long}"}}"#),
    ] {
        let reason = reader.dead(&body, Attributes::new()).await;
        assert!(reason.len() <= 256 && !reason.contains("??????"), "{reason}");
    }
    // As attributes; none of it reaches the report.
    let reason = reader.dead(r#"{"product_id": 7}"#, texts(&[("manifest", &long)])).await;
    assert!(!reason.contains("??????"), "{reason}");
}

#[tokio::test]
async fn what_the_transport_could_not_unwrap_is_dead_lettered_with_its_reason() {
    let reader = Reader::new();
    reader.hands.give(Err(Undecodable::new("it is a letter of another kind")));
    let (consumed, reason) = reader.next().await;
    assert_eq!(consumed.message().unwrap().fate, Fate::DeadLettered);
    assert_eq!(reason.as_deref(), Some("it is a letter of another kind"));
}

// --- What Melange wrote. ---

#[tokio::test]
async fn what_is_written_is_read_in_both_formats() {
    for format in [Format::Melange, Format::CloudEvents] {
        let (hands, reader) = (Hands::writing(format), Reader::new());
        let publisher = MessagePublisher::new(hands.clone());
        let id = publisher.publish(ProductAdded { product_id: 7, name: Some("Coolérs".into()) }).await.unwrap();
        let message = hands.published();
        let Body::Json(body) = &message.body else { panic!("no JSON") };
        let (seen, meta) = reader.handled_with(body, message.attributes.clone()).await;
        assert_eq!((seen.product_id, seen.name.as_deref()), (Some(7), Some("Coolérs")));
        assert_eq!((meta.event_id, meta.version, meta.topic.as_ref()), (id, 1, "t"));
        assert_eq!((meta.occurred_on, meta.attributes), (message.metadata.occurred_on, message.attributes));
    }
}
