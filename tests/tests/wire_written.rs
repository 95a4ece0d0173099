//! The bytes that are written: bodies in both formats, and what travels beside them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use melange::transport::{Body, Message};
use melange::{Attributes, Event, Format, IntoAttribute, MessagePublisher, Timestamp};
use melange_tests::hands::Hands;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize, Event)]
#[event(topic = "orders", version = 2)]
struct OrderPlaced {
    #[event(key)]
    order_id: String,
    total_cents: u64,
    #[event(attribute)]
    country: Option<String>,
    #[event(dedup_id)]
    attempt: u8,
    #[event(attribute = "order.weight")]
    weight: i32,
    note: String,
}

fn placed() -> OrderPlaced {
    OrderPlaced {
        order_id: "o-1".to_owned(),
        total_cents: 4200,
        country: Some("NL".to_owned()),
        attempt: 3,
        weight: -5,
        note: "é☃ \"q\"\n\u{FFFF}".to_owned(),
    }
}

/// A moment, a topic and many attributes of its own.
#[derive(Clone, Serialize, Deserialize, Event)]
#[event(topic = "shipments")]
struct Shipped {
    #[event(occurred_on)]
    occurred_on: Timestamp,
    #[event(topic)]
    topic: Cow<'static, str>,
    parcel: u8,
}

/// The attributes by name, each with its kind.
fn listed(attributes: &Attributes) -> BTreeMap<&str, String> {
    attributes.iter().map(|(name, value)| (name, format!("{value:?}"))).collect()
}

#[tokio::test]
async fn the_default_body_and_its_attributes_to_the_byte() {
    let hands = Hands::default();
    let id = MessagePublisher::new(hands.clone()).publish(placed()).await.unwrap();
    let message = hands.published();
    let Body::Json(body) = &message.body else { panic!("no JSON") };
    let at = message.metadata.occurred_on;
    assert_eq!(
        body.as_ref(),
        format!(
            r#"{{"event_type_name":"OrderPlaced","event_id":"{id}","event_version":2,"occurred_on":"{at}","topic":"orders","order_id":"o-1","total_cents":4200,"country":"NL","attempt":3,"weight":-5,"note":"é☃ \"q\"\n\uffff"}}"#
        )
    );
    // Whatever the clock says: six digits and an offset.
    let at = at.to_string();
    let (date, fraction) = at.split_once('.').unwrap();
    assert!(date.len() == 19 && fraction.len() == 12 && fraction.ends_with("+00:00"), "{at}");
    assert_eq!(
        listed(&message.attributes),
        BTreeMap::from([
            ("event_type", "String(\"OrderPlaced\")".to_owned()),
            ("manifest", "String(\"OrderPlaced\")".to_owned()),
            ("serializer_id", "Number(\"1\")".to_owned()),
            ("country", "String(\"NL\")".to_owned()),
            ("order.weight", "Number(\"-5\")".to_owned()),
        ])
    );
    assert_eq!((message.topic(), message.key.as_deref(), &*message.dedup_id()), ("orders", Some("o-1"), "3"));
    // A UUID of version 7.
    assert!(id.to_string().len() == 36 && id.to_string().as_bytes()[14] == b'7', "{id}");
}

#[tokio::test]
async fn the_same_as_a_cloud_event() {
    let hands = Hands::writing(Format::CloudEvents);
    let id = MessagePublisher::new(hands.clone()).publish(placed()).await.unwrap();
    let message = hands.published();
    let Body::Json(body) = &message.body else { panic!("no JSON") };
    let at = message.metadata.occurred_on;
    assert_eq!(
        body.as_ref(),
        format!(
            r#"{{"type":"OrderPlaced","specversion":"1.0","id":"{id}","source":"/melange/orders","time":"{at}","datacontenttype":"application/json","eventversion":2,"topic":"orders","data":{{"order_id":"o-1","total_cents":4200,"country":"NL","attempt":3,"weight":-5,"note":"é☃ \"q\"\n\uffff"}}}}"#
        )
    );
    assert_eq!(message.attributes.text("event_type"), Some("OrderPlaced"));
}

#[tokio::test]
async fn the_forms_under_data_and_the_fields_of_ones_own_to_the_byte() {
    #[derive(Serialize, Deserialize, Event)]
    #[event(topic = "weights", name = "weights/Weighed")]
    struct Weighed(u32);
    #[derive(Serialize, Deserialize, Event)]
    #[event(topic = "shop")]
    struct Closed {}

    async fn written<E: Event>(event: E) -> (String, Message) {
        let hands = Hands::default();
        let id = MessagePublisher::new(hands.clone()).publish(event).await.unwrap().to_string();
        let message = hands.published();
        let Body::Json(body) = &message.body else { panic!("no JSON") };
        let body = body.replace(&id, "ID").replace(&message.metadata.occurred_on.to_string(), "NOW");
        (body, message)
    }
    let (body, message) = written(Weighed(7)).await;
    assert_eq!(
        body,
        r#"{"event_type_name":"weights/Weighed","event_id":"ID","event_version":1,"occurred_on":"NOW","topic":"weights","data":7}"#
    );
    assert_eq!((message.key.as_deref(), message.attributes.text("manifest")), (None, Some("weights/Weighed")));
    assert_eq!(message.dedup_id(), message.metadata.event_id.to_string());
    let (body, _) = written(Closed {}).await;
    assert_eq!(
        body,
        r#"{"event_type_name":"Closed","event_id":"ID","event_version":1,"occurred_on":"NOW","topic":"shop"}"#
    );
    let occurred_on: Timestamp = "2026-11-23T18:37:17Z".parse().unwrap();
    let (body, message) = written(Shipped { occurred_on, topic: "parcels".into(), parcel: 1 }).await;
    assert_eq!(
        body,
        r#"{"event_type_name":"Shipped","event_id":"ID","event_version":1,"occurred_on":"NOW","topic":"parcels","parcel":1}"#
    );
    assert_eq!((message.metadata.occurred_on, message.topic()), (occurred_on, "parcels"));
    // Left empty, it goes where its type goes.
    let (_, message) = written(Shipped { occurred_on, topic: "".into(), parcel: 1 }).await;
    assert_eq!(message.topic(), "shipments");
}

#[tokio::test]
async fn at_most_eight_attributes_travel_and_none_is_empty() {
    #[derive(Default, Serialize, Deserialize, Event)]
    #[event(topic = "many")]
    struct Many {
        #[event(attribute)]
        a: String,
        #[event(attribute)]
        b: Option<bool>,
        #[event(attribute)]
        c: u64,
        #[event(attribute)]
        d: Option<String>,
    }
    struct TooMany;
    impl Event for TooMany {
        const DESCRIPTOR: &'static melange::EventDescriptor = &melange::EventDescriptor::new::<Self>(
            "TooMany",
            "TooMany",
            melange::Location::new("wire", file!(), line!()),
        )
        .with_topic("many")
        .with_codec(melange::__private::Codec::json::<Self>(melange::__private::Layout::Data));
        fn route(&self) -> melange::Route<'_> {
            let mut route = melange::Route::default();
            route.attributes = ["a", "b", "c", "d", "e", "f"].map(|name| (name, 1.to_attribute().unwrap())).to_vec();
            route
        }
    }
    impl Serialize for TooMany {
        fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            to.serialize_unit()
        }
    }
    impl<'de> Deserialize<'de> for TooMany {
        fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            <()>::deserialize(from).map(|()| Self)
        }
    }

    const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let hands = Hands::default();
    let publisher = MessagePublisher::new(hands.clone());
    let many = Many { a: "x".into(), b: Some(true), c: 1, d: Some("y".into()) };
    melange::with_traceparent(Some(TRACE.to_owned()), publisher.publish(many)).await.unwrap();
    let full = hands.published().attributes;
    assert_eq!((full.len(), full.text("traceparent"), full.text("b")), (8, Some(TRACE), Some("true")));
    publisher.publish(Many::default()).await.unwrap();
    let empty = hands.published().attributes;
    assert_eq!(listed(&empty).into_keys().collect::<Vec<_>>(), ["c", "event_type", "manifest", "serializer_id"]);
    let error = publisher.publish(TooMany).await.unwrap_err();
    assert!(error.is_invalid() && !error.is_retryable(), "{error:?}");
    assert!(error.to_string().contains("9 message attributes") && error.to_string().contains("at most 8"), "{error}");
}
