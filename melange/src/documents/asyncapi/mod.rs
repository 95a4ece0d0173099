//! AsyncAPI 3.0: topics and queues are channels, publishing and consuming are operations.

mod bindings;
mod channels;
mod messages;
mod operations;
mod server;

use serde_json::{Map, Value, json};

use super::Documents;
use super::error::DocumentError;
use super::ids::Ids;
use super::view::View;

pub use server::Server;

type Object = Map<String, Value>;

/// What the parts of the document are made from.
struct Parts<'a> {
    documents: &'a Documents,
    view: View,
    /// The names that messages have in the document, by the events' places.
    messages: Vec<String>,
    /// Those of topics and of queues, by their places.
    topics: Vec<String>,
    queues: Vec<String>,
}

pub(super) fn document(documents: &Documents) -> Result<Value, DocumentError> {
    let view = documents.view();
    let mut ids = Ids::default();
    let messages = view.events.iter().map(|event| ids.id(&message_name(event.descriptor))).collect();
    let mut ids = Ids::default();
    let topics = view.topics.iter().map(|topic| ids.id(&format!("topic.{}", topic.name))).collect();
    let queues = view.queues.iter().map(|queue| ids.id(&format!("queue.{}", queue.name))).collect();
    let parts = Parts { documents, view, messages, topics, queues };

    let mut info = json!({ "title": documents.title, "version": documents.version });
    insert(&mut info, "description", documents.description.as_deref());
    let (messages, schemas) = parts.messages()?;
    let mut document = json!({
        "asyncapi": "3.0.0",
        "info": info,
        "defaultContentType": "application/json",
        "channels": parts.channels(),
        "operations": parts.operations(),
        "components": { "messages": messages, "schemas": schemas },
    });
    if !documents.servers.is_empty() {
        let mut ids = Ids::default();
        let servers: Object =
            documents.servers.iter().map(|(name, server)| (ids.id(name), server.to_value())).collect();
        insert(&mut document, "servers", Some(servers));
    }
    Ok(document)
}

fn message_name(event: &crate::EventDescriptor) -> String {
    format!("{}.v{}", event.name(), event.version())
}

/// Sets `key`, if there is something to set.
fn insert(object: &mut Value, key: &str, value: Option<impl Into<Value>>) {
    if let (Value::Object(object), Some(value)) = (object, value) {
        object.insert(key.to_owned(), value.into());
    }
}

fn reference(path: &[&str]) -> Value {
    json!({ "$ref": format!("#/{}", path.join("/")) })
}
