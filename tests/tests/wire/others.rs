//! What others wrote, and what Melange did.

use std::collections::BTreeMap;

use melange::transport::{Body, Inbound};
use melange::{Attributes, Fate, Format, MessagePublisher, Timestamp};
use melange_tests::hands::Hands;
use serde::Deserialize;

use crate::captured;
use crate::captured::{Case, ProductAdded};
use crate::{Reader, product};

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
    let published: Vec<Published> = serde_json::from_str(include_str!("../../python/published.json")).unwrap();
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
