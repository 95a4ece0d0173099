//! The schema of an event that is an enum, by its source: one alternative for each variant, in the form that serde gives it.

use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

use super::event::{list, named, object, of_field};
use crate::documents::variant::{Holds, Tagged, VariantDocumentation};

type Object = Map<String, Value>;

/// One of these.
pub(super) fn choice(tagged: Tagged, variants: &[VariantDocumentation], generator: &mut SchemaGenerator) -> Object {
    let written = generator.contract().is_serialize();
    // Where something may fit two of them, it is one at least.
    let mut exclusive = true;
    let mut alternatives = Vec::new();
    for variant in variants {
        let untagged = variant.is_untagged() || tagged == Tagged::Untagged;
        let any_name = variant.is_other() && !written;
        exclusive &= !untagged && !any_name;
        for name in variant.names(written) {
            let tagged = if untagged { Tagged::Untagged } else { tagged };
            let mut alternative = match any_name {
                true => any_other(tagged),
                false => named_so(name, tagged, variant, generator),
            };
            if !variant.text().is_empty() {
                alternative.insert("description".to_owned(), Value::from(variant.text()));
            }
            alternatives.push(Value::Object(alternative));
            if untagged || any_name {
                break;
            }
        }
    }
    object(match alternatives.is_empty() {
        // Nothing can be it.
        true => Value::Bool(false),
        false if exclusive => json!({ "oneOf": alternatives }),
        false => json!({ "anyOf": alternatives }),
    })
}

/// A variant of this name.
fn named_so(name: &str, tagged: Tagged, variant: &VariantDocumentation, generator: &mut SchemaGenerator) -> Object {
    let constant = json!({ "type": "string", "const": name });
    let holds = variant.holds();
    match tagged {
        Tagged::Untagged => content(variant, generator),
        Tagged::Around if holds == Holds::Nothing => object(constant),
        Tagged::Around => object(json!({
            "type": "object",
            "properties": { name: content(variant, generator) },
            "required": [name],
            // Serde takes a name alone.
            "additionalProperties": false,
        })),
        Tagged::Inside(tag) => with_tag(tag, constant, variant, generator),
        Tagged::Beside(tag, _) if holds == Holds::Nothing => {
            object(json!({ "type": "object", "properties": { tag: constant }, "required": [tag] }))
        }
        Tagged::Beside(tag, under) => {
            // Serde fills an `Option` in where the whole key is missing.
            let required = if generator.contract().is_serialize() { vec![tag, under] } else { vec![tag] };
            object(json!({
                "type": "object",
                "properties": { tag: constant, under: content(variant, generator) },
                "required": required,
            }))
        }
    }
}

/// What stands for all names that there are not.
fn any_other(tagged: Tagged) -> Object {
    match tagged {
        Tagged::Inside(tag) | Tagged::Beside(tag, _) => object(json!({ "type": "object", "required": [tag] })),
        Tagged::Around | Tagged::Untagged => Object::new(),
    }
}

/// What a variant holds, with its tag among it.
fn with_tag(tag: &str, constant: Value, variant: &VariantDocumentation, generator: &mut SchemaGenerator) -> Object {
    let mut schema = match variant.holds() {
        Holds::Fields => named(variant.fields(), generator),
        // Only what is plainly an object is known to have room for one key more.
        Holds::One => match variant.fields() {
            [field] => {
                field.schema().map(|generate| object((generate.itself)(generator).to_value())).unwrap_or_default()
            }
            _ => Object::new(),
        },
        Holds::Nothing | Holds::List | Holds::Anything => Object::new(),
    };
    if schema.get("type") != Some(&Value::from("object")) || schema.contains_key("$ref") {
        schema = object(json!({ "type": "object" }));
    }
    schema.remove("title");
    schema.remove("description");
    let mut properties = schema.remove("properties").map(object).unwrap_or_default();
    properties.insert(tag.to_owned(), constant);
    let mut required = vec![Value::from(tag)];
    if let Some(Value::Array(own)) = schema.remove("required") {
        required.extend(own);
    }
    schema.insert("properties".to_owned(), Value::Object(properties));
    schema.insert("required".to_owned(), Value::Array(required));
    schema
}

/// What a variant holds, alone.
fn content(variant: &VariantDocumentation, generator: &mut SchemaGenerator) -> Object {
    match (variant.holds(), variant.fields()) {
        (Holds::Nothing, _) => object(json!({ "type": "null" })),
        (Holds::One, [field]) => of_field(field, generator),
        (Holds::List, fields) => list(fields, generator),
        (Holds::Fields, fields) => named(fields, generator),
        (Holds::One | Holds::Anything, _) => Object::new(),
    }
}
