//! `events`: what events there are.

use std::collections::BTreeSet;

use serde::Serialize;

use super::named::none_of;
use super::{Exit, Failure, Row, Screen};
use crate::{EventBus, EventDescriptor};

/// What `events` is told.
#[derive(Debug, clap::Args)]
pub struct Events {
    /// Only those of this topic
    #[arg(long)]
    topic: Option<String>,
}

#[derive(Serialize)]
struct Listed<'a> {
    name: &'static str,
    version: u32,
    topic: Option<&'static str>,
    local: bool,
    keyed: bool,
    aliases: &'static [&'static str],
    upcast_from: Vec<u32>,
    /// The version it is made into when it is received, if that is another.
    read_as: Option<u32>,
    deprecated: bool,
    deprecation: Option<&'static str>,
    attributes: &'static [&'static str],
    subscribers: Vec<&'a str>,
    #[serde(rename = "type")]
    type_name: &'static str,
    #[serde(rename = "crate")]
    crate_name: &'static str,
    file: &'static str,
    line: u32,
}

impl<'a> Listed<'a> {
    fn of(bus: &'a EventBus, event: &'static EventDescriptor) -> Self {
        let at = event.location();
        let mut subscribers: Vec<&str> = bus
            .subscribers()
            .filter(|(_, subscriber)| subscriber.event().is_same_type(event))
            .map(|(_, subscriber)| subscriber.name())
            .collect();
        subscribers.sort_unstable();
        Self {
            name: event.name(),
            version: event.version(),
            topic: event.topic(),
            local: event.is_local(),
            keyed: event.has_key(),
            aliases: event.aliases(),
            upcast_from: event.upcasts().iter().map(|old| old.from().version()).collect(),
            read_as: bus
                .events()
                .filter(|newer| newer.ancestors().iter().any(|old| old.is_same_type(event)))
                .map(EventDescriptor::version)
                .max(),
            deprecated: event.is_deprecated(),
            deprecation: event.deprecation_note(),
            attributes: event.attributes(),
            subscribers,
            type_name: event.type_name(),
            crate_name: at.crate_name(),
            file: at.file(),
            line: at.line(),
        }
    }

    fn notes(&self) -> String {
        let mut notes = Vec::new();
        if self.local {
            notes.push("local".to_owned());
        }
        if self.keyed {
            notes.push("keyed".to_owned());
        }
        if !self.attributes.is_empty() {
            notes.push(format!("attributes {}", self.attributes.join(", ")));
        }
        if !self.aliases.is_empty() {
            notes.push(format!("also {}", self.aliases.join(", ")));
        }
        if !self.upcast_from.is_empty() {
            let old: Vec<String> = self.upcast_from.iter().map(|version| format!("v{version}")).collect();
            notes.push(format!("from {}", old.join(", ")));
        }
        if let Some(version) = self.read_as {
            notes.push(format!("read as v{version}"));
        }
        match self.deprecation {
            Some(instead) => notes.push(format!("deprecated: {instead}")),
            None if self.deprecated => notes.push("deprecated".to_owned()),
            None => {}
        }
        notes.join("; ")
    }
}

impl Row for Listed<'_> {
    const HEAD: &'static [&'static str] = &["EVENT", "TOPIC", "SUBSCRIBERS", "NOTES", "DECLARED AT"];

    fn cells(&self) -> Vec<String> {
        vec![
            format!("{} v{}", self.name, self.version),
            self.topic.unwrap_or("-").to_owned(),
            if self.subscribers.is_empty() { "-".to_owned() } else { self.subscribers.join(", ") },
            self.notes(),
            format!("{}:{}", self.file, self.line),
        ]
    }
}

impl Events {
    pub(super) fn perform(self, bus: &EventBus, screen: &mut Screen) -> Result<Exit, Failure> {
        let wanted =
            |event: &&'static EventDescriptor| self.topic.as_deref().is_none_or(|topic| event.topic() == Some(topic));
        let events: Vec<Listed<'_>> = bus.events().filter(wanted).map(|event| Listed::of(bus, event)).collect();
        match &self.topic {
            Some(topic) if events.is_empty() => {
                let topics: BTreeSet<&str> = bus.events().filter_map(EventDescriptor::topic).collect();
                screen.note(none_of("no events of the topic", topic, "topics", topics));
            }
            _ if events.is_empty() => {
                screen.note("no events; a crate that nobody names is not linked: `.crates(melange::crates![..])`");
            }
            _ => {}
        }
        screen.rows(&events)?;
        Ok(Exit::Done)
    }
}
