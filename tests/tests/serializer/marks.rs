//! Fields marked `topic` and `attribute`.

use std::borrow::Cow;

use melange::Event;
use melange::transport::{Body, Inbound};
use serde::{Deserialize, Serialize};

use crate::{linked, object, placed, round_trip};

#[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "tenants")]
struct Moved {
    #[event(topic)]
    topic: String,
    to: String,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "elsewhere")]
struct Anywhere {
    #[event(topic)]
    whereto: Cow<'static, str>,
}

#[test]
fn a_field_marked_topic_says_where_it_goes() {
    round_trip(Moved { topic: "tenants-7".to_owned(), to: "x".to_owned() }, None);
    round_trip(Anywhere { whereto: "there".into() }, None);
    for (json, topic) in [
        (linked().serialize(&Moved { topic: "tenants-7".to_owned(), to: String::new() }).unwrap(), "tenants-7"),
        (linked().serialize(&Anywhere { whereto: "there".into() }).unwrap(), "there"),
    ] {
        assert_eq!(linked().deserialize(&json).unwrap().metadata().topic, topic, "{json}");
        assert_eq!(json.matches("\"topic\":").count(), 1, "{json}");
        assert_eq!(object(&json)["topic"], topic);
    }
}

#[test]
fn a_topic_that_an_event_leaves_empty_does_not_hide_where_the_message_came_through() {
    let json = linked().serialize(&Moved { topic: String::new(), to: "x".to_owned() }).unwrap();
    let mut inbound = Inbound::new(Body::Json(json.into()));
    inbound.topic = Some("tenants".into());
    let read = linked().deserialize_message(&inbound).unwrap();
    assert_eq!(read.metadata().topic, "tenants");
    assert_eq!(read.downcast::<Moved>().unwrap().topic, "");
}

#[test]
fn a_field_marked_attribute_stays_in_the_body_too() {
    let json = linked().serialize(&placed()).unwrap();
    assert_eq!(object(&json)["country"], "NL");
}
