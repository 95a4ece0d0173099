//! What the official parser of AsyncAPI, and a validator of JSON Schema, say of the documents.

use serde_json::{Value, json};

use crate::asyncapi::document;
use crate::tools::{file, node};
use crate::{choices, hostile, many, shapes, shop};

#[test]
#[ignore = "needs Node: run `cargo xtask documents`"]
fn the_official_parser_takes_every_document() {
    let all = [
        ("shop", shop::documents()),
        ("shop-prefixed", shop::documents().prefix("staging-")),
        ("shapes", shapes::documents()),
        ("choices", choices::documents()),
        ("hostile", hostile::documents()),
        ("many", many::documents()),
    ];
    let files = all.map(|(name, documents)| file(&format!("{name}.asyncapi.json"), &document(&documents).to_string()));
    let said = node("asyncapi.cjs", &files);
    assert_eq!(said.lines().filter(|line| line.starts_with("valid: AsyncAPI 3.0.0")).count(), files.len(), "{said}");
}

#[test]
#[ignore = "needs Node: run `cargo xtask documents`"]
fn the_official_parser_refuses_what_is_wrong() {
    let refused = |name: &str, pointer: &str, value: Value, said_of: &str| {
        let mut document = document(&shop::documents());
        *document.pointer_mut(pointer).unwrap() = value;
        let said = node("asyncapi.cjs", ["--wrong".into(), file(name, &document.to_string())]);
        assert!(said.contains(said_of), "nothing is said of {pointer}: {said}");
    };
    refused("ordering.json", "/channels/topic.orders/bindings/sns/ordering/type", json!("sorted"), "ordering.type");
    refused("action.json", "/operations/receive.shop/action", json!("take"), "receive.shop.action");
}

#[test]
#[ignore = "needs Node: run `cargo xtask documents`"]
fn every_example_keeps_to_its_schema() {
    let mut cases = Vec::new();
    for documents in [shop::documents(), shapes::documents(), choices::documents()] {
        for format in [melange::Format::Melange, melange::Format::CloudEvents] {
            let documents = documents.clone().format(format);
            let schemas = documents.schemas();
            let document = document(&documents);
            for (name, message) in document["components"]["messages"].as_object().unwrap() {
                for example in message["examples"].as_array().unwrap_or(&Vec::new()) {
                    cases.push(json!({ "name": name, "schema": schemas[name], "value": example["payload"] }));
                    cases.push(json!({ "name": name, "schema": message["headers"], "value": example["headers"] }));
                }
            }
        }
    }
    assert!(cases.len() >= 60, "{}", cases.len());
    let said = node("schemas.cjs", [file("schemas.json", &Value::from(cases.clone()).to_string())]);
    assert!(said.contains(&format!("{} values keep to their schemas", cases.len())), "{said}");
}
