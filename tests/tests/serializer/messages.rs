//! Messages: what comes beside a body.

use std::sync::Arc;

use melange::transport::{Body, Inbound};
use melange::{AttributeValue, Attributes, DeserializeErrorKind};

use crate::{ClockTicked, WHEN, at, linked};

fn inbound(body: &str, attributes: &[(&'static str, &str)]) -> Inbound {
    let text = |(name, value): &(&'static str, &str)| (*name, AttributeValue::String((*value).to_owned()));
    let mut inbound = Inbound::new(Body::Json(body.into()));
    inbound.attributes = Attributes::from_iter(attributes.iter().map(text));
    inbound
}

#[test]
fn a_message_brings_what_the_body_lacks() {
    let body = r#"{"order_id": "o", "total_cents": 1}"#;
    let mut message = inbound(body, &[("manifest", "OrderPlaced"), ("country", "NL")]);
    (message.topic, message.wrapper_id) = (Some("orders".into()), Some("w-1".to_owned()));
    message.occurred_on = Some(at(WHEN));
    let read = linked().deserialize_message(&message).unwrap();
    let meta = read.metadata();
    assert_eq!(meta.occurred_on, at(WHEN));
    assert_eq!((meta.event_type_name.as_ref(), meta.topic.as_ref()), ("OrderPlaced", "orders"));
    assert_eq!((meta.event_id.to_string(), meta.attributes.text("country")), ("w-1".to_owned(), Some("NL")));

    let body =
        r#"{"event_type_name": "OrderPlaced", "event_id": "mine", "topic": "mine", "order_id": "o", "total_cents": 1}"#;
    let mut message = inbound(body, &[("manifest", "Paid"), ("event_type", "Paid")]);
    (message.topic, message.wrapper_id) = (Some("orders".into()), Some("w-1".to_owned()));
    let read = linked().deserialize_message(&message).unwrap();
    assert_eq!((read.metadata().event_id.to_string(), read.metadata().topic.as_ref()), ("mine".to_owned(), "mine"));
    assert_eq!(read.name(), "OrderPlaced", "the body knows best");
}

#[test]
fn a_message_that_is_not_for_reading_is_refused() {
    let pickle = linked().deserialize_message(&inbound("gASVCQAAAAAAAABdlChLAUsCZS4=\n", &[("serializer_id", "2")]));
    let error = pickle.unwrap_err();
    assert_eq!(error.kind(), DeserializeErrorKind::Invalid);
    assert!(error.to_string().contains("pickle"), "{error}");
    let local = Inbound::new(Body::Typed(Arc::new(ClockTicked { at: 1 })));
    assert_eq!(linked().deserialize_message(&local).unwrap_err().kind(), DeserializeErrorKind::Invalid);
}
