#![doc = include_str!("../../docs/documents.md")]

mod asyncapi;
mod catalogue;
mod documentation;
mod dot;
mod error;
mod ids;
mod mermaid;
mod schema;
mod text;
mod variant;
mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use serde_json::Value;

use crate::event::EventDescriptor;
use crate::subscriber::SubscriberDescriptor;
use crate::transport::{self, QueuePlan, QueueSetup, Setup, Topology, Transport};
use crate::{EventBus, Format, Registry};

pub use asyncapi::Server;
pub use documentation::{Documentation, Documented, FieldDocumentation, Shape};
pub use error::DocumentError;
pub use schema::{Generate, Side};
#[doc(hidden)]
pub use schema::{SchemaOf, WithoutSchema};
#[doc(hidden)]
pub use variant::{Holds, Tagged, VariantDocumentation};
use view::View;

/// What a queue's messages are invisible for where no transport says otherwise; SQS has the same.
const VISIBILITY: Duration = Duration::from_secs(30);

/// The documents of a program: what it publishes and listens to, for people and for other programs.
///
/// ```rust,standalone_crate
/// use melange::{Event, Registry, subscriber};
///
/// /// A customer has ordered.
/// #[derive(serde::Serialize, serde::Deserialize, Event)]
/// #[event(topic = "orders", example = OrderPlaced { order_id: "o-1".into(), total_cents: 4200 })]
/// struct OrderPlaced {
///     /// As it stands on the invoice.
///     #[event(key)]
///     order_id: String,
///     total_cents: u64,
/// }
///
/// #[subscriber(listens_to = OrderPlaced)]
/// async fn send_receipt(order: &OrderPlaced) {}
///
/// let documents = Registry::linked()?.documents().title("Shop").version("1.4.0").own_queue("shop");
///
/// let schemas = documents.schemas();
/// assert_eq!(schemas["OrderPlaced.v1"]["properties"]["total_cents"]["type"], "integer");
/// let asyncapi = documents.asyncapi()?;
/// assert_eq!(asyncapi["channels"]["topic.orders"]["address"], "orders");
/// assert!(documents.catalogue()?.starts_with("<!doctype html>"));
/// assert!(documents.mermaid().starts_with("flowchart LR"));
/// assert!(documents.dot().starts_with("digraph"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Documents {
    title: String,
    version: String,
    description: Option<String>,
    own_queue: String,
    /// What was said to stand before names, instead of what the transport puts there.
    prefix: Option<String>,
    visibility: Duration,
    format: Format,
    side: Side,
    servers: BTreeMap<String, Server>,
    /// As the transport has it; nothing is in it where there is none.
    setup: Setup,
    events: Vec<&'static EventDescriptor>,
    subscribers: Vec<SubscriberDescriptor>,
    /// Places in `events`.
    sent: BTreeSet<usize>,
}

impl Documents {
    fn of(events: Vec<&'static EventDescriptor>, subscribers: Vec<SubscriberDescriptor>) -> Self {
        let mut documents = Self {
            title: "Events".to_owned(),
            version: "1.0.0".to_owned(),
            description: None,
            own_queue: "own-queue".to_owned(),
            prefix: None,
            visibility: VISIBILITY,
            format: Format::Melange,
            side: Side::Written,
            servers: BTreeMap::new(),
            setup: Setup::default(),
            events,
            subscribers,
            sent: BTreeSet::new(),
        };
        documents.events.sort_by_key(|event| (event.name(), event.version(), event.location()));
        documents.events.dedup_by(|a, b| a.is_same_type(b));
        // An older version is read, but what publishes now publishes the newest.
        let newest = |event: &EventDescriptor| {
            !documents.events.iter().any(|other| other.ancestors().iter().any(|old| old.is_same_type(event)))
        };
        let places = documents.events.iter().enumerate();
        documents.sent = places.filter(|(_, event)| newest(event)).map(|(place, _)| place).collect();
        documents
    }

    /// What the program is called; `Events` by default.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// The version of the program, or of these documents; `1.0.0` by default.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// What the program is for, in a few sentences.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// The queue for subscribers that name none. A bus knows its own; a registry does not.
    pub fn own_queue(mut self, name: impl Into<String>) -> Self {
        self.own_queue = name.into();
        self
    }

    /// The prefix of topics and queues in the account: `staging-`. A bus knows that of its transport.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = Some(prefix.into());
        self
    }

    /// Takes the set-up of this transport: its own queue, its names and format, and its subscriptions. A bus knows its
    /// own transport; without one, subscriptions are assumed to have raw message delivery and filters.
    ///
    /// ```rust,standalone_crate
    /// use melange::{MemoryTransport, Registry};
    ///
    /// let documents = Registry::linked()?.documents().transport(&MemoryTransport::new().queue("billing"));
    /// # let _ = documents;
    /// # Ok::<(), melange::BuildErrors>(())
    /// ```
    pub fn transport<T: Transport>(mut self, transport: &T) -> Self {
        let capabilities = transport.capabilities();
        self.own_queue = transport.own_queue().to_owned();
        self.visibility = capabilities.visibility;
        self.format = capabilities.format;
        self.setup = transport.setup(&self.topology());
        self
    }

    /// The format of bodies; a bus knows it.
    pub fn format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// Whether schemas describe what is written, the default, or what is read.
    pub fn side(mut self, side: Side) -> Self {
        self.side = side;
        self
    }

    /// Adds a server to the AsyncAPI document, under a name such as `production`.
    pub fn server(mut self, name: impl Into<String>, server: Server) -> Self {
        self.servers.insert(name.into(), server);
        self
    }

    /// Which events this program publishes. By default all, in their newest versions, because nothing in the source
    /// tells which of them it only listens to.
    pub fn sends(mut self, is_sent: impl Fn(&EventDescriptor) -> bool) -> Self {
        let places = self.events.iter().enumerate();
        self.sent = places.filter(|(_, event)| is_sent(event)).map(|(place, _)| place).collect();
        self
    }

    /// The JSON Schema (2020-12) of each message as it is on the wire, by name and version, such as `OrderPlaced.v2`.
    /// Local events have none.
    ///
    /// If an event does not implement `JsonSchema`, its fields are described as far as their types implement it.
    #[must_use]
    pub fn schemas(&self) -> BTreeMap<String, Value> {
        let schema = |event: &&'static EventDescriptor| {
            let schema = schema::whole(event, self.format, self.side)?;
            Some((format!("{}.v{}", event.name(), event.version()), schema))
        };
        self.events.iter().filter_map(schema).collect()
    }

    /// An [AsyncAPI 3.0](https://www.asyncapi.com/docs/reference/specification/v3.0.0) document, with the bindings of
    /// SNS and SQS.
    ///
    /// # Errors
    /// If an example cannot be written: serde says why.
    pub fn asyncapi(&self) -> Result<Value, DocumentError> {
        asyncapi::document(self)
    }

    /// The catalogue: one HTML page that needs nothing else, with every event, topic, queue and subscriber.
    ///
    /// # Errors
    /// If an example cannot be written: serde says why.
    pub fn catalogue(&self) -> Result<String, DocumentError> {
        catalogue::page(self)
    }

    /// The topology as a [Mermaid](https://mermaid.js.org) flowchart.
    #[must_use]
    pub fn mermaid(&self) -> String {
        mermaid::flowchart(&self.view())
    }

    /// The topology for [Graphviz](https://graphviz.org): `dot -Tsvg`.
    #[must_use]
    pub fn dot(&self) -> String {
        dot::digraph(&self.view(), &self.title)
    }

    /// The queues, and the topics that feed them.
    #[must_use]
    pub fn topology(&self) -> Topology {
        Topology::of(&self.own_queue, self.visibility, &self.events, &self.subscribers)
    }

    /// How a queue is set up, by the transport or else by convention.
    fn queue_setup(&self, plan: &QueuePlan) -> QueueSetup {
        self.setup
            .queues
            .get(&plan.name)
            .cloned()
            .unwrap_or_else(|| QueueSetup::of(plan, transport::dead_letter_queue(&plan.name)))
    }

    fn view(&self) -> View {
        View::of(self)
    }

    /// The name of a queue in the account.
    fn queue_address(&self, name: &str) -> String {
        format!("{}{name}", self.prefix.as_ref().unwrap_or(&self.setup.prefix))
    }

    /// The name of a topic, in this account or another.
    fn topic_address(&self, name: &str) -> String {
        self.setup.elsewhere.get(name).cloned().unwrap_or_else(|| self.queue_address(name))
    }
}

impl Registry {
    /// What documents are made of.
    pub fn documents(&self) -> Documents {
        Documents::of(self.events().collect(), self.subscribers().cloned().collect())
    }

    /// The JSON Schema of each message as it is on the wire: [`Documents::schemas`].
    #[must_use]
    pub fn schemas(&self) -> BTreeMap<String, Value> {
        self.documents().schemas()
    }
}

impl EventBus {
    /// What documents are made of: with the bus's own queue, its subscribers, and the format of its transport.
    pub fn documents(&self) -> Documents {
        let engine = self.engine();
        let members = engine.queues.iter().flat_map(|queue| &queue.subscribers);
        let subscribers = members.map(|member| member.subscription.descriptor().clone()).collect();
        let capabilities = engine.transport.capabilities();
        let mut documents = Documents::of(engine.events.clone(), subscribers);
        documents.title = engine.transport.own_queue().to_owned();
        documents.own_queue = engine.transport.own_queue().to_owned();
        documents.visibility = capabilities.visibility;
        documents.format = capabilities.format;
        documents.setup = engine.transport.setup(&documents.topology());
        documents
    }
}

/// Why nobody should use the event any more; empty where that is all that is said. The one place that knows: by
/// `#[event(deprecated)]`, or by Rust's `#[deprecated]`, whose note also stands in where the event has none.
pub(crate) fn deprecation(event: &EventDescriptor) -> Option<&'static str> {
    let of_type = || event.documentation().and_then(Documentation::deprecation);
    match event.deprecation_note() {
        Some(instead) => Some(instead),
        None if event.is_deprecated() => Some(of_type().unwrap_or_default()),
        None => of_type(),
    }
}

impl fmt::Display for Documents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}: {} events, {} subscribers",
            self.title,
            self.version,
            self.events.len(),
            self.subscribers.len()
        )
    }
}
