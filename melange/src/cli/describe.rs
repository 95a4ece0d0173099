//! `schema`, `asyncapi`, `catalogue`, `diagram`: what is made of the registry.

use clap::ValueEnum;
use serde_json::Value;

use super::document::Destination;
use super::{Exit, Failure, Screen, event_named};
use crate::EventBus;
use crate::documents::{Documents, Side};

/// What documents say of the program.
#[derive(Debug, clap::Args)]
struct Program {
    /// What the program is called; the name of its queue unless said otherwise
    #[arg(long)]
    title: Option<String>,

    /// The version of the program, or of the document
    #[arg(long, value_name = "VERSION")]
    title_version: Option<String>,

    /// What stands before the names of topics and queues in the account
    #[arg(long)]
    prefix: Option<String>,
}

impl Program {
    fn documents(self, bus: &EventBus) -> Documents {
        let mut documents = bus.documents();
        if let Some(title) = self.title {
            documents = documents.title(title);
        }
        if let Some(version) = self.title_version {
            documents = documents.version(version);
        }
        if let Some(prefix) = self.prefix {
            documents = documents.prefix(prefix);
        }
        documents
    }
}

/// What `schema` is told.
#[derive(Debug, clap::Args)]
pub struct Schema {
    /// Only that of this event, with a version if not the newest: OrderPlaced, or OrderPlaced@1
    event: Option<String>,

    /// What is read, instead of what is written: fields with a default may be missing
    #[arg(long)]
    read: bool,

    #[command(flatten)]
    to: Destination,
}

impl Schema {
    pub(super) fn perform(self, bus: &EventBus, screen: &mut Screen) -> Result<Exit, Failure> {
        let side = if self.read { Side::Read } else { Side::Written };
        let mut schemas = bus.documents().side(side).schemas();
        let Some(name) = self.event else {
            return self.to.deliver(&json(&Value::from_iter(schemas))?, screen);
        };
        let event = event_named(bus, &name)?;
        match schemas.remove(&format!("{}.v{}", event.name(), event.version())) {
            Some(schema) => self.to.deliver(&json(&schema)?, screen),
            None => Err(Failure::usage(format!("{event} is local: it never leaves the process, and has no schema"))),
        }
    }
}

/// What `asyncapi` is told.
#[derive(Debug, clap::Args)]
pub struct Asyncapi {
    #[command(flatten)]
    program: Program,

    #[command(flatten)]
    to: Destination,
}

impl Asyncapi {
    pub(super) fn perform(self, bus: &EventBus, screen: &mut Screen) -> Result<Exit, Failure> {
        let document = self.program.documents(bus).asyncapi().map_err(|error| Failure::of(&error))?;
        self.to.deliver(&json(&document)?, screen)
    }
}

/// What `catalogue` is told.
#[derive(Debug, clap::Args)]
pub struct Catalogue {
    #[command(flatten)]
    program: Program,

    #[command(flatten)]
    to: Destination,
}

impl Catalogue {
    pub(super) fn perform(self, bus: &EventBus, screen: &mut Screen) -> Result<Exit, Failure> {
        let page = self.program.documents(bus).catalogue().map_err(|error| Failure::of(&error))?;
        self.to.deliver(&page, screen)
    }
}

/// A language of drawings.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Language {
    /// For pages that draw Mermaid, as GitHub's do
    #[default]
    Mermaid,
    /// For Graphviz
    Dot,
}

/// What `diagram` is told.
#[derive(Debug, clap::Args)]
pub struct Diagram {
    /// In this language
    #[arg(value_enum, default_value_t)]
    language: Language,

    #[command(flatten)]
    to: Destination,
}

impl Diagram {
    pub(super) fn perform(self, bus: &EventBus, screen: &mut Screen) -> Result<Exit, Failure> {
        let documents = bus.documents();
        let drawn = match self.language {
            Language::Mermaid => documents.mermaid(),
            Language::Dot => documents.dot(),
        };
        self.to.deliver(&drawn, screen)
    }
}

fn json(value: &Value) -> Result<String, Failure> {
    serde_json::to_string_pretty(value).map_err(|error| Failure::of(&error))
}
