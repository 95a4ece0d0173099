//! `publish`: an event by its name.

use std::collections::BTreeMap;
use std::io::{self, Read as _};

use serde::Serialize;
use serde_json::value::RawValue;

use super::{Exit, Failure, Screen, compose, event_named, printable};
use crate::EventBus;
use crate::transport::{Body, Message};

/// What `publish` is told.
#[derive(Debug, clap::Args)]
pub struct Publish {
    /// The event's name, with a version if not the newest: OrderPlaced, or OrderPlaced@1
    event: String,

    /// Its fields, or a whole message of it; `@FILE` reads a file, and `-` standard input
    #[arg(long, value_name = "JSON")]
    json: String,

    /// Only shows what would be published: asks no broker
    #[arg(long)]
    dry_run: bool,
}

#[derive(Serialize)]
struct Published<'a> {
    event_id: String,
    event_type_name: &'a str,
    version: u32,
    topic: &'a str,
    key: Option<&'a str>,
    dedup_id: &'a str,
    attributes: BTreeMap<&'a str, Option<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a RawValue>,
}

impl Publish {
    pub(super) async fn perform(self, bus: &EventBus, screen: &mut Screen) -> Result<Exit, Failure> {
        let descriptor = event_named(bus, &self.event)?;
        let json = read(&self.json, screen)?;
        let event = compose::event(descriptor, &json)?;
        let message = bus.publisher().message_of(descriptor, &event)?;
        if self.dry_run {
            show(&message, true, screen)?;
            return Ok(Exit::Done);
        }
        if !bus.capabilities().wire {
            screen.note("note: the transport of this program is within its process, and ends with it");
        }
        bus.publisher().publish_message(message.clone()).await?;
        show(&message, false, screen)?;
        Ok(Exit::Done)
    }
}

fn read(given: &str, screen: &Screen) -> Result<String, Failure> {
    if given == "-" {
        if screen.can_ask() {
            screen.note("reading JSON from standard input; Ctrl-D ends it");
        }
        let mut json = String::new();
        let read = io::stdin().read_to_string(&mut json);
        read.map_err(|error| Failure::usage(format!("no JSON could be read from standard input: {error}")))?;
        return Ok(json);
    }
    match given.strip_prefix('@') {
        Some(file) => std::fs::read_to_string(file)
            .map_err(|error| Failure::usage(format!("no JSON could be read from the file {file}: {error}"))),
        None => Ok(given.to_owned()),
    }
}

fn show(message: &Message, whole: bool, screen: &mut Screen) -> Result<(), Failure> {
    let body = match &message.body {
        Body::Json(json) if whole => Some(json.as_ref()),
        _ => None,
    };
    let metadata = &message.metadata;
    if screen.is_json() {
        return screen.json(&Published {
            event_id: metadata.event_id.to_string(),
            event_type_name: message.event.name(),
            version: message.event.version(),
            topic: message.topic(),
            key: message.key.as_deref(),
            dedup_id: &message.dedup_id(),
            attributes: message.attributes.iter().map(|(name, _)| (name, message.attributes.text(name))).collect(),
            body: body.and_then(|body| serde_json::from_str(body).ok()),
        });
    }
    let how = if whole { "would publish" } else { "published" };
    screen.line(format_args!("{how} {} to topic {}: {}", message.event, message.topic(), metadata.event_id))?;
    let Some(body) = body else { return Ok(()) };
    if let Some(key) = &message.key {
        screen.line(format_args!("key          {}", printable(key)))?;
    }
    screen.line(format_args!("dedup id     {}", printable(&message.dedup_id())))?;
    for (name, _) in message.attributes.iter() {
        let value = message.attributes.text(name).unwrap_or("(binary)");
        screen.line(format_args!("attribute    {name} = {}", printable(value)))?;
    }
    screen.line(printable(body))
}
