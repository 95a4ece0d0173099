//! JSON Schema of messages as they are on the wire.

use std::collections::BTreeMap;

use melange::documents::Side;
use melange::{Event, EventBus, Format, Registry, subscribers};
use serde_json::{Value, json};

use crate::{shapes, shop};

fn required(schema: &Value) -> Vec<&str> {
    schema["required"].as_array().unwrap().iter().filter_map(Value::as_str).collect()
}

const ENVELOPE: [&str; 5] = ["event_id", "event_type_name", "event_version", "occurred_on", "topic"];

#[test]
fn a_message_is_the_envelope_and_the_fields_in_one_object() {
    insta::assert_snapshot!(format!("{:#}", shop::documents().schemas()["OrderPlaced.v2"]));
}

#[test]
fn every_event_that_leaves_the_process_has_one() {
    let names: Vec<String> = shop::documents().schemas().into_keys().collect();
    assert_eq!(names, ["OrderPlaced.v1", "OrderPlaced.v2", "Paid.v1"]);
}

#[test]
fn an_event_without_a_schema_is_described_by_its_fields_as_one_with_it() {
    let schemas = shapes::documents().schemas();
    let (mut derived, mut plain) = (schemas["Renamed.v1"].clone(), schemas["RenamedPlain.v1"].clone());
    for schema in [&mut derived, &mut plain] {
        schema["title"].take();
        schema["properties"]["event_type_name"].take();
    }
    // schemars says of a field with a default what that is.
    derived["properties"]["size"].as_object_mut().unwrap().remove("default");
    assert_eq!(derived, plain);
}

#[test]
fn serde_is_honoured() {
    let schemas = shapes::documents().schemas();
    for name in ["Renamed.v1", "RenamedPlain.v1"] {
        let schema = &schemas[name];
        let names: Vec<&str> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        let own = ["at", "id", "note", "orderId", "size", "sum"];
        let mut all = [&ENVELOPE[..], &own].concat();
        all.sort_unstable();
        assert_eq!(names, all, "{name}");
        let wanted = [&ENVELOPE[..], &["orderId", "sum", "size", "at", "id"]].concat();
        assert_eq!(required(schema), wanted, "{name}");
        assert_eq!(schema["properties"]["size"]["description"], "As it is.");
        assert_eq!(schema["properties"]["at"]["format"], "date-time");
    }
}

#[test]
fn what_serde_is_told_to_write_otherwise_may_be_anything() {
    assert_eq!(shapes::documents().schemas()["Custom.v1"]["properties"]["odd"], json!({}));
}

#[test]
fn who_reads_asks_for_less_than_who_writes_gives() {
    let schemas = shapes::documents().side(Side::Read).schemas();
    for name in ["Renamed.v1", "RenamedPlain.v1"] {
        let wanted = [&ENVELOPE[..], &["orderId", "sum", "at", "id"]].concat();
        assert_eq!(required(&schemas[name]), wanted, "{name}");
    }
    let names = &shop::documents().side(Side::Read).schemas()["OrderPlaced.v2"]["properties"]["event_type_name"];
    assert_eq!(names["enum"], json!(["OrderPlaced", "OrderCreated"]));
}

#[test]
fn an_objects_own_strictness_lets_the_envelope_in() {
    let schema = &shapes::documents().schemas()["Flattened.v1"];
    assert!(schema["properties"]["event_id"].is_object(), "{schema:#}");
    assert!(!schema.to_string().contains("\"additionalProperties\":false"), "{schema:#}");
}

#[test]
fn an_event_may_say_its_own_topic() {
    let schema = &shapes::documents().schemas()["Routed.v1"];
    assert_eq!(schema["properties"]["topic"], json!({ "type": "string" }));
    assert_eq!(schema["properties"]["occurred_on"]["format"], "date-time");
    assert_eq!(required(schema).len(), 5, "each once: {schema:#}");
}

#[test]
fn a_type_may_hold_itself() {
    let schemas = shapes::documents().schemas();
    assert_eq!(schemas["Forest.v1"]["properties"]["children"]["items"], json!({ "$ref": "#/$defs/Forest" }));
    assert!(schemas["Forest.v1"]["$defs"]["Forest"].is_object());
    assert_eq!(schemas["Tree.v1"]["properties"]["children"], json!({}), "nothing is known of it");
}

#[test]
fn what_is_no_object_stands_under_data() {
    let schemas = shapes::documents().schemas();
    let data = |name: &str| schemas[name]["properties"]["data"].clone();
    assert_eq!(data("Wrapped.v1"), json!({ "type": "string" }));
    assert_eq!(data("Nothing.v1"), json!({ "type": "null" }));
    let pair = data("Pair.v1");
    assert_eq!(pair["prefixItems"][0]["type"], "integer");
    assert_eq!((&pair["prefixItems"][1], &pair["maxItems"]), (&json!({}), &json!(2)));
    assert_eq!(data("Odd.v1"), json!({}), "anything, for all that is known");
    assert!(required(&schemas["Wrapped.v1"]).contains(&"data"));
}

#[test]
fn a_list_of_nothing_has_no_places() {
    #[derive(serde::Serialize, serde::Deserialize, melange::Event)]
    #[event(topic = "odd")]
    struct Bare();

    #[derive(serde::Serialize, serde::Deserialize, melange::Event)]
    #[event(topic = "odd")]
    enum Choice {
        Bare(),
    }

    let schemas = melange::Registry::default().with::<Bare>().with::<Choice>().documents().schemas();
    // JSON Schema allows no empty `prefixItems`.
    let list = json!({ "type": "array", "minItems": 0, "maxItems": 0 });
    assert_eq!(schemas["Bare.v1"]["properties"]["data"], list);
    assert_eq!(schemas["Choice.v1"]["properties"]["data"]["oneOf"][0]["properties"]["Bare"], list);
}

#[test]
fn who_writes_and_who_reads_may_see_other_fields() {
    let of = |name: &str, side| shapes::documents().side(side).schemas()[name].clone();
    let list = of("Skipping.v1", Side::Written)["properties"]["data"].clone();
    assert_eq!((&list["prefixItems"][1]["type"], &list["maxItems"]), (&json!("string"), &json!(2)));
    let (written, read) = (of("TaggedStruct.v1", Side::Written), of("TaggedStruct.v1", Side::Read));
    assert_eq!(required(&written)[ENVELOPE.len()..], ["A", "b"]);
    assert_eq!(required(&read).len(), ENVELOPE.len(), "an alias is as good: {read:#}");
    assert!(read["properties"].get("b").is_none(), "{read:#}");
}

#[test]
fn the_other_format_has_its_own() {
    let schema = &shop::documents().format(Format::CloudEvents).schemas()["OrderPlaced.v2"];
    assert_eq!(schema["properties"]["type"]["const"], "OrderPlaced");
    assert_eq!(schema["properties"]["data"]["properties"]["lines"]["items"], json!({ "$ref": "#/$defs/Line" }));
    assert!(required(schema).contains(&"specversion"));
}

#[test]
fn deprecation_and_docs_are_said() {
    let schemas: BTreeMap<String, Value> = shop::documents().schemas();
    assert_eq!(schemas["Paid.v1"]["deprecated"], true);
    assert_eq!(
        schemas["OrderPlaced.v2"]["description"],
        "A customer has ordered.\n\nWith `lines`, and more than one of them."
    );
    assert_eq!(schemas["OrderPlaced.v1"]["title"], "OrderPlaced v1");
}

mod outdated {
    use melange::Event;
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize, Event)]
    #[event(topic = "old", deprecated = "publish `Newer`")]
    pub(super) struct Told {}

    #[derive(Serialize, Deserialize, Event)]
    #[event(topic = "old", deprecated)]
    pub(super) struct Bare {}

    #[derive(Serialize, Deserialize, Event)]
    #[event(topic = "old")]
    pub(super) struct Current {}

    #[allow(deprecated, reason = "it is what is tested")]
    pub(super) use by_both::Both;

    mod by_both {
        use super::*;

        #[derive(Serialize, Deserialize, Event)]
        #[event(topic = "old", deprecated)]
        #[deprecated(note = "as Rust says")]
        pub(in super::super) struct Both {}
    }
}

#[test]
#[allow(deprecated, reason = "it is what is tested")]
fn the_events_own_deprecation_is_said_everywhere() {
    use outdated::{Bare, Both, Current, Told};

    let registry = Registry::default().with::<Told>().with::<Bare>().with::<Both>().with::<Current>();
    let documents = registry.documents();
    let schemas = documents.schemas();
    let asyncapi = documents.asyncapi().unwrap();
    for (name, note) in [("Told", Some("publish `Newer`")), ("Bare", None), ("Both", Some("as Rust says"))] {
        assert_eq!(schemas[&format!("{name}.v1")]["deprecated"], true, "{name}");
        let message = &asyncapi["components"]["messages"][format!("{name}.v1")];
        assert_eq!(message["deprecated"], true, "{name}: {message:#}");
        let tags = message["tags"].as_array().unwrap();
        let tag = tags.iter().find(|tag| tag["name"] == "deprecated").unwrap();
        assert_eq!(tag["description"].as_str(), note, "{name}");
    }
    assert!(schemas["Current.v1"].get("deprecated").is_none());
    let page = documents.catalogue().unwrap();
    assert_eq!(page.matches("<strong>Deprecated.</strong>").count(), 3);
    assert!(page.contains("publish <code>Newer</code>"), "the note is prose");
}

#[test]
fn examples_are_what_would_be_published() {
    let bodies = |format| {
        let body = |example: melange::Example| example.body(format).unwrap();
        shop::OrderPlaced::DESCRIPTOR.examples().map(body).collect::<Vec<_>>()
    };
    let written = bodies(Format::Melange);
    assert_eq!(written.len(), 2);
    assert!(written[0].starts_with(r#"{"event_type_name":"OrderPlaced","event_id":""#), "{}", written[0]);
    assert_eq!(written, bodies(Format::Melange), "the same each time");
    let example = shop::OrderPlaced::DESCRIPTOR.examples().next().unwrap();
    assert_eq!(example.key(), Some("o-1"));
    assert_eq!(example.attributes().map(|(name, _)| name).collect::<Vec<_>>(), ["country"]);
    assert!(shop::Ticked::DESCRIPTOR.examples().next().unwrap().body(Format::Melange).is_err(), "it is local");
    assert!(bodies(Format::CloudEvents)[0].contains(r#""specversion":"1.0""#));
}

#[tokio::test]
async fn a_bus_knows_more_than_a_registry() {
    #[melange::subscriber(listens_to = shop::OrderPlaced)]
    async fn only_this() {}

    let transport = melange::MemoryTransport::new().queue("billing");
    let bus = EventBus::builder().subscribers(subscribers![only_this]).transport(transport).build().unwrap();
    let document = bus.documents().asyncapi().unwrap();
    assert_eq!(document["info"]["title"], "billing");
    assert_eq!(document["channels"]["queue.billing"]["bindings"]["sqs"]["deadLetterQueue"]["name"], "billing-dlq");
    assert_eq!(bus.documents().topology(), *bus.topology());

    let registry = Registry::of(subscribers![only_this]);
    assert_eq!(registry.schemas().into_keys().collect::<Vec<_>>(), ["OrderPlaced.v2"]);
}
