//! The envelope around an event: five fields beside its own, or the attributes of a CloudEvent.

use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

use super::event::object;
use super::reference::name_in;
use crate::Format;
use crate::codec::Layout;
use crate::documents::deprecation;
use crate::event::EventDescriptor;
use crate::wire::{DATA, ID, OCCURRED_ON, TOPIC, TYPE, VERSION};

type Object = Map<String, Value>;

/// The schema of the whole body.
pub(super) fn around(
    own: Object,
    event: &EventDescriptor,
    layout: Layout,
    format: Format,
    generator: &SchemaGenerator,
) -> Object {
    let mut schema = match (format, layout) {
        (Format::Melange, Layout::Flat { own: names, .. }) => beside(own, names, event, generator),
        (Format::Melange, Layout::Data) => holding(own, melange(event, generator)),
        (Format::CloudEvents, _) => holding(own, cloud_events(event, generator)),
    };
    schema.insert("title".to_owned(), Value::from(event.to_string()));
    if let Some(text) = event.documentation().map(|documentation| documentation.text()).filter(|text| !text.is_empty())
    {
        schema.insert("description".to_owned(), Value::from(text));
    }
    if deprecation(event).is_some() {
        schema.insert("deprecated".to_owned(), Value::Bool(true));
    }
    schema
}

/// The event's fields beside the envelope's.
fn beside(own: Object, names: &[&str], event: &EventDescriptor, generator: &SchemaGenerator) -> Object {
    let mut schema = inlined(own, generator);
    schema.insert("type".to_owned(), Value::from("object"));
    open(&mut schema);
    let mut properties = taken(&mut schema, "properties");
    let mut required = Vec::new();
    for (name, value) in melange(event, generator) {
        // A field of the event that says the topic is written as the event has it; the moment, as the envelope has it.
        if name == TOPIC && names.contains(&TOPIC) {
            continue;
        }
        required.push(Value::from(name.as_str()));
        properties.insert(name, value);
    }
    if let Some(Value::Array(own)) = schema.remove("required") {
        required.extend(own.into_iter().filter(|name| name != OCCURRED_ON));
    }
    schema.insert("properties".to_owned(), Value::Object(properties));
    schema.insert("required".to_owned(), Value::Array(required));
    schema
}

/// The event under `data`.
fn holding(own: Object, mut properties: Object) -> Object {
    let mut required: Vec<Value> = properties.keys().map(|name| Value::from(name.as_str())).collect();
    required.push(Value::from(DATA));
    properties.insert(DATA.to_owned(), Value::Object(own));
    object(json!({ "type": "object", "properties": properties, "required": required }))
}

/// Those of the default format. Whoever only reads takes older messages, too, whose names and versions differ.
fn melange(event: &EventDescriptor, generator: &SchemaGenerator) -> Object {
    let (name, version) = name_and_version(event, generator);
    object(json!({
        TYPE: name,
        ID: {
            "type": "string",
            "minLength": 1,
            "description": "The same through retries, redeliveries and redrives: deduplicate by it. Melange writes a UUID v7.",
        },
        VERSION: version,
        OCCURRED_ON: {
            "type": "string",
            "format": "date-time",
            "description": "When it happened, in UTC to the microsecond.",
        },
        TOPIC: topic(event),
    }))
}

fn cloud_events(event: &EventDescriptor, generator: &SchemaGenerator) -> Object {
    let (name, version) = name_and_version(event, generator);
    object(json!({
        "specversion": { "type": "string", "const": "1.0" },
        "type": name,
        "id": { "type": "string", "minLength": 1 },
        "source": { "type": "string", "format": "uri-reference", "description": "`/melange/` and the topic." },
        "time": { "type": "string", "format": "date-time", "description": "When it happened, in UTC to the microsecond." },
        "datacontenttype": { "type": "string", "const": "application/json" },
        "eventversion": version,
        TOPIC: topic(event),
    }))
}

fn name_and_version(event: &EventDescriptor, generator: &SchemaGenerator) -> (Value, Value) {
    let says = "What happened: the event's name.";
    let name = if generator.contract().is_serialize() || event.aliases().is_empty() {
        json!({ "type": "string", "const": event.name(), "description": says })
    } else {
        let names: Vec<&str> = event.names().collect();
        json!({ "type": "string", "enum": names, "description": says })
    };
    (name, json!({ "type": "integer", "const": event.version() }))
}

fn topic(event: &EventDescriptor) -> Value {
    let elsewhere = event.documentation().is_none_or(|it| it.fields().iter().any(|field| field.is_topic()));
    match event.topic() {
        Some(topic) if !elsewhere => json!({ "type": "string", "const": topic }),
        _ => {
            json!({ "type": "string", "description": "The topic it was published to; an event may say another than its type's." })
        }
    }
}

/// The schema itself where it is only a reference to one of the definitions: properties can be added to no other.
fn inlined(mut schema: Object, generator: &SchemaGenerator) -> Object {
    // One reference may lead to another, but not forever.
    for _ in 0..8 {
        let Some(target) = schema.get("$ref").and_then(Value::as_str) else { break };
        match generator.definitions().get(&name_in(target)) {
            Some(found) => schema = object(found.clone()),
            None => break,
        }
    }
    schema
}

/// Lets the envelope's fields in, which a schema that knows the event's alone might refuse.
fn open(schema: &mut Object) {
    for closed in ["additionalProperties", "unevaluatedProperties"] {
        if schema.get(closed) == Some(&Value::Bool(false)) {
            schema.remove(closed);
        }
    }
    for several in ["allOf", "anyOf", "oneOf"] {
        if let Some(Value::Array(parts)) = schema.get_mut(several) {
            parts.iter_mut().filter_map(Value::as_object_mut).for_each(open);
        }
    }
}

fn taken(schema: &mut Object, key: &str) -> Object {
    schema.remove(key).map(object).unwrap_or_default()
}
