//! The schema of an event alone, without its envelope.

use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

use super::choice::choice;
use crate::documents::documentation::{Documentation, FieldDocumentation, Shape};
use crate::event::EventDescriptor;

type Object = Map<String, Value>;

/// The event's own: by its `JsonSchema`, or else by what is known of its fields.
pub(super) fn schema(event: &EventDescriptor, generator: &mut SchemaGenerator) -> Object {
    let Some(documentation) = event.documentation() else { return Object::new() };
    let mut schema = match documentation.schema() {
        Some(generate) => object((generate.itself)(generator).to_value()),
        None => by_fields(documentation, generator),
    };
    // The title says which event it is, and schemars repeats the type's name in it.
    schema.remove("title");
    schema
}

/// As far as the fields' types have schemas; the others may be anything.
fn by_fields(documentation: &Documentation, generator: &mut SchemaGenerator) -> Object {
    let fields = documentation.fields();
    match documentation.shape() {
        Shape::Named => named(fields, generator),
        Shape::Newtype => match fields {
            [field] => of_field(field, generator),
            _ => Object::new(),
        },
        Shape::Tuple => list(fields, generator),
        Shape::Unit => object(json!({ "type": "null" })),
        Shape::Enum => choice(documentation.tagged(), documentation.variants(), generator),
        Shape::Other => Object::new(),
    }
}

/// Values in a list, each in its place.
pub(super) fn list(fields: &[FieldDocumentation], generator: &mut SchemaGenerator) -> Object {
    let written = generator.contract().is_serialize();
    let fields: Vec<_> = fields.iter().filter(|field| !is_absent(field, written)).collect();
    let items: Vec<Value> = fields.iter().map(|field| Value::Object(of_field(field, generator))).collect();
    // Whoever reads may fill in what a shorter list lacks.
    let least = fields.iter().take_while(|field| written || !field.is_filled_in()).count();
    let mut schema = object(json!({ "type": "array", "minItems": least, "maxItems": items.len() }));
    // JSON Schema has no empty list of them.
    if !items.is_empty() {
        schema.insert("prefixItems".to_owned(), Value::Array(items));
    }
    schema
}

/// Whether a field is not in what is written, or not in what is read.
fn is_absent(field: &FieldDocumentation, written: bool) -> bool {
    if written { field.is_not_written() } else { field.is_not_read() }
}

pub(super) fn named(fields: &[FieldDocumentation], generator: &mut SchemaGenerator) -> Object {
    let written = generator.contract().is_serialize();
    let mut properties = Object::new();
    let mut required = Vec::new();
    for field in fields {
        if is_absent(field, written) || field.is_flattened() {
            continue;
        }
        // Under another name it would be there, too.
        let optional = if written { field.is_left_out() } else { field.is_filled_in() || field.is_aliased() };
        if !optional {
            required.push(Value::from(field.name()));
        }
        properties.insert(field.name().to_owned(), Value::Object(of_field(field, generator)));
    }
    let mut schema = object(json!({ "type": "object", "properties": properties }));
    if !required.is_empty() {
        schema.insert("required".to_owned(), Value::Array(required));
    }
    schema
}

pub(super) fn of_field(field: &FieldDocumentation, generator: &mut SchemaGenerator) -> Object {
    let mut schema = match field.schema() {
        Some(generate) => object((generate.reference)(generator).to_value()),
        None => Object::new(),
    };
    if !field.text().is_empty() {
        schema.insert("description".to_owned(), Value::from(field.text()));
    }
    schema
}

/// A schema as an object: `true`, which allows everything, is an empty one.
pub(super) fn object(schema: Value) -> Object {
    match schema {
        Value::Object(schema) => schema,
        Value::Bool(false) => object(json!({ "not": {} })),
        _ => Object::new(),
    }
}
