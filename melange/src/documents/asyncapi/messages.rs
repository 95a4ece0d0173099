//! Messages: what is in the body, what travels beside it, and examples of both.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::{Object, Parts, insert};
use crate::attributes::{AttributeValue, EVENT_TYPE, MANIFEST, SERIALIZER_ID, TRACEPARENT};
use crate::documents::error::DocumentError;
use crate::documents::ids::Ids;
use crate::documents::schema::{self, reference};
use crate::documents::view::EventView;
use crate::documents::{deprecation, text};
use crate::event::EventDescriptor;
use crate::example::Example;

/// Where the definitions of the schemas are.
const DEFINITIONS: &str = "/components/schemas";

impl Parts<'_> {
    /// The messages, and the schemas they share.
    pub(super) fn messages(&self) -> Result<(Object, Object), DocumentError> {
        // What AsyncAPI takes for its own schemas is a superset of JSON Schema draft 07.
        let settings = SchemaSettings::draft07().with(|settings| settings.definitions_path = DEFINITIONS.into());
        let mut generator = self.documents.side.of(settings).into_generator();
        let mut messages = Object::new();
        for (event, name) in self.view.events.iter().zip(&self.messages) {
            if let Some(payload) = schema::of_message(event.descriptor, self.documents.format, &mut generator) {
                messages.insert(name.clone(), self.message(event, payload)?);
            }
        }
        let (mut messages, mut schemas) = (Value::Object(messages), generator.take_definitions(true));
        rename(&mut messages, &mut schemas);
        Ok((into_object(messages), schemas))
    }

    fn message(&self, event: &EventView, payload: Object) -> Result<Value, DocumentError> {
        let descriptor = event.descriptor;
        let documentation = descriptor.documentation();
        let mut message = json!({
            "name": descriptor.name(),
            "title": descriptor.to_string(),
            "contentType": "application/json",
            "headers": headers(descriptor),
            "payload": payload,
            "x-version": descriptor.version(),
            "x-rust-type": descriptor.type_name(),
            "x-source": descriptor.location().to_string(),
        });
        if let Some(written) = documentation.map(|it| it.text()).filter(|written| !written.is_empty()) {
            insert(&mut message, "summary", Some(text::summary(written)));
            insert(&mut message, "description", Some(written));
        }
        if !descriptor.aliases().is_empty() {
            insert(&mut message, "x-aliases", Some(descriptor.aliases().to_vec()));
        }
        let older: Vec<String> = descriptor.upcasts().iter().map(|old| old.from().to_string()).collect();
        if !older.is_empty() {
            insert(&mut message, "x-upcast-from", Some(older));
        }
        let mut tags = vec![json!({ "name": format!("v{}", descriptor.version()) })];
        if descriptor.has_key() {
            tags.push(json!({ "name": "keyed", "description": "Messages of one key stay in order." }));
        }
        if let Some(note) = deprecation(descriptor) {
            insert(&mut message, "deprecated", Some(true));
            let mut tag = json!({ "name": "deprecated" });
            insert(&mut tag, "description", Some(note).filter(|note| !note.is_empty()));
            tags.push(tag);
        }
        insert(&mut message, "tags", Some(tags));
        let examples = descriptor.examples().enumerate().map(|(at, it)| self.example(descriptor, at, &it));
        let examples = examples.collect::<Result<Vec<_>, _>>()?;
        if !examples.is_empty() {
            insert(&mut message, "examples", Some(examples));
        }
        Ok(message)
    }

    fn example(&self, event: &EventDescriptor, at: usize, example: &Example) -> Result<Value, DocumentError> {
        let body = example.body(self.documents.format).map_err(|why| DocumentError::example(event, why))?;
        let payload: Value = serde_json::from_str(&body).map_err(|why| DocumentError::unreadable(event, why))?;
        let mut headers = json!({ EVENT_TYPE: event.name(), MANIFEST: event.name(), SERIALIZER_ID: 1 });
        for (name, value) in example.attributes() {
            insert(&mut headers, name, shown(value));
        }
        Ok(json!({ "name": format!("example{}", at + 1), "headers": headers, "payload": payload }))
    }
}

/// What travels beside the body.
fn headers(event: &EventDescriptor) -> Value {
    let name = json!({ "type": "string", "const": event.name() });
    let mut properties = into_object(json!({
        EVENT_TYPE: name,
        MANIFEST: name,
        SERIALIZER_ID: { "type": "integer", "const": 1, "description": "JSON." },
        TRACEPARENT: {
            "type": "string",
            "pattern": "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}",
            "description": "The W3C trace context, when there is one.",
        },
    }));
    let fields = event.documentation().map_or(&[][..], |documentation| documentation.fields());
    for attribute in event.attributes() {
        let field = fields.iter().find(|field| field.attribute_name() == Some(attribute));
        let from = field.map(|field| format!("From the field `{}`.", field.name()));
        let mut schema = json!({ "type": ["string", "number"] });
        insert(&mut schema, "description", from);
        properties.insert((*attribute).to_owned(), schema);
    }
    json!({ "type": "object", "properties": properties, "required": [EVENT_TYPE, MANIFEST, SERIALIZER_ID] })
}

/// An attribute as JSON has it; bytes are not shown.
fn shown(value: &AttributeValue) -> Option<Value> {
    match value {
        AttributeValue::Number(number) => {
            Some(serde_json::from_str(number).unwrap_or_else(|_| Value::from(number.as_str())))
        }
        AttributeValue::String(text) => Some(Value::from(text.as_str())),
        AttributeValue::Binary(_) => None,
    }
}

/// Gives the shared schemas names that a document may have, such as `Page_Order_` for `Page<Order>`.
fn rename(messages: &mut Value, schemas: &mut Object) {
    let mut ids = Ids::default();
    let names: BTreeMap<String, String> = schemas.keys().map(|name| (name.clone(), ids.id(name))).collect();
    let mut change = |target: &str| {
        let name = names.get(&reference::name_in(target))?;
        Some(format!("#{DEFINITIONS}/{name}"))
    };
    reference::each_reference(messages, &mut change);
    let mut renamed = Map::new();
    for (name, mut schema) in std::mem::take(schemas) {
        reference::each_reference(&mut schema, &mut change);
        renamed.insert(names.get(&name).cloned().unwrap_or(name), schema);
    }
    *schemas = renamed;
}

fn into_object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}
