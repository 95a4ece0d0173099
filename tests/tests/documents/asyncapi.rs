//! The AsyncAPI document, as far as Rust can judge it; its own parser does in `needs_node`.

use melange::documents::{Documents, Server};
use serde_json::{Value, json};

use crate::{hostile, shapes, shop};

pub(crate) fn document(documents: &Documents) -> Value {
    documents.asyncapi().unwrap()
}

/// Lines of sources change whenever somebody edits them.
fn without_lines(text: &str) -> String {
    let mut parts = text.split(".rs:");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        format!("{text}.rs:LINE{}", part.trim_start_matches(|letter: char| letter.is_ascii_digit()))
    })
}

#[test]
fn the_document_of_a_shop() {
    let documents = shop::documents().description("A shop.").server("here", Server::new("localhost:4566", "sqs"));
    insta::assert_snapshot!(without_lines(&format!("{:#}", document(&documents))));
}

/// Every reference leads to something.
#[test]
fn references_lead_somewhere() {
    fn follow(part: &Value, whole: &Value, found: &mut usize) {
        match part {
            Value::Object(object) => {
                if let Some(Value::String(reference)) = object.get("$ref") {
                    let pointer = reference.strip_prefix('#').unwrap();
                    assert!(whole.pointer(pointer).is_some(), "{reference} leads nowhere");
                    *found += 1;
                }
                object.values().for_each(|part| follow(part, whole, found));
            }
            Value::Array(items) => items.iter().for_each(|part| follow(part, whole, found)),
            _ => {}
        }
    }
    for documents in [shop::documents(), shapes::documents(), hostile::documents()] {
        let document = document(&documents);
        let mut found = 0;
        follow(&document, &document, &mut found);
        assert!(found > 5, "{found} references");
    }
}

#[test]
fn only_the_newest_version_is_sent_and_older_ones_are_received() {
    let document = document(&shop::documents());
    let messages = |operation: &str| document["operations"][operation]["messages"].clone();
    let of = |channel: &str, name: &str| json!({ "$ref": format!("#/channels/{channel}/messages/{name}") });
    assert_eq!(messages("send.orders"), json!([of("topic.orders", "OrderPlaced.v2")]));
    assert_eq!(
        messages("receive.shop"),
        json!([of("queue.shop", "OrderPlaced.v1"), of("queue.shop", "OrderPlaced.v2")]),
        "a consumer of version 2 reads version 1, too"
    );
    assert_eq!(messages("receive.archive"), json!([of("queue.archive", "OrderPlaced.v1")]));
}

#[test]
fn what_a_program_sends_can_be_said() {
    let document = document(&shop::documents().sends(|event| event.name() == "Paid"));
    assert!(document["operations"]["send.orders"].is_null());
    assert!(document["operations"]["send.payments.fifo"].is_object());
}

#[test]
fn names_carry_the_prefix() {
    let document = document(&shop::documents().prefix("staging-"));
    assert_eq!(document["channels"]["topic.orders"]["address"], "staging-orders");
    let queue = &document["channels"]["queue.books.fifo"]["bindings"]["sqs"];
    assert_eq!(queue["queue"]["name"], "staging-books.fifo");
    assert_eq!(queue["queue"]["redrivePolicy"]["deadLetterQueue"]["name"], "staging-books-dlq.fifo");
}

#[test]
fn schemas_of_any_name_have_one_that_is_allowed() {
    let document = document(&shapes::documents());
    let names: Vec<&String> = document["components"]["schemas"].as_object().unwrap().keys().collect();
    assert!(names.len() >= 3, "{names:?}");
    let is_legal = |letter: char| letter.is_ascii_alphanumeric() || ".-_".contains(letter);
    assert!(names.iter().all(|name| name.chars().all(is_legal)), "{names:?}");
}

#[test]
fn an_example_that_cannot_be_written_is_named_with_its_place() {
    use melange::{Event, Registry, subscriber, subscribers};

    #[derive(serde::Deserialize, Event)]
    #[event(topic = "orders", example = Self)]
    struct Refuses;

    impl serde::Serialize for Refuses {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("not today"))
        }
    }

    #[subscriber(listens_to = Refuses)]
    async fn listens() {}

    let documents = Registry::of(subscribers![listens]).documents();
    for error in [documents.asyncapi().unwrap_err(), documents.catalogue().unwrap_err()] {
        let said = error.to_string();
        assert!(
            said.contains("asyncapi.rs:") && said.contains("Refuses v1") && said.contains("#[event(example"),
            "{said}"
        );
        let why = std::error::Error::source(&error).unwrap().to_string();
        assert!(why.contains("not today"), "{why}");
        assert!(error.location().file().ends_with("asyncapi.rs"));
    }
}
