// The first definition of a link counts: here those for rustdoc, before those of the README, which are paths in the repository.
// `readme.md` is a link to that README, since a package has nothing of what lies outside its folder.
#![cfg_attr(feature = "schema", doc = "[documents]: documents")]
#![cfg_attr(feature = "test-util", doc = "[testing]: testing")]
#![doc = include_str!("../docs/links.md")]
#![doc = include_str!("../docs/readme.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[allow(unused_extern_crates, reason = "the macros' output names `::melange`, in this crate's own tests too")]
extern crate self as melange;

/// Its examples compile.
#[cfg(doctest)]
#[doc = include_str!("../docs/versions.md")]
mod versions_page {}

mod any_event;
pub mod attributes;
mod blocks;
mod bus;
mod checks;
#[cfg(feature = "cli")]
#[cfg_attr(docsrs, doc(cfg(feature = "cli")))]
pub mod cli;
mod codec;
mod consumer;
mod context;
#[cfg(not(target_family = "wasm"))]
pub mod contract;
mod dead_letters;
mod deprecation;
mod dispatch;
#[cfg(feature = "schema")]
#[cfg_attr(docsrs, doc(cfg(feature = "schema")))]
pub mod documents;
mod error;
mod event;
mod event_id;
mod example;
mod extract;
mod field;
mod foreign;
mod handler;
mod in_process;
mod latest;
mod location;
mod metadata;
#[cfg(any(feature = "cli", feature = "test-util"))]
#[cfg_attr(not(feature = "cli"), allow(unreachable_pub, reason = "for the tool"))]
mod near;
mod outcome;
mod publisher;
mod registry;
mod retry;
mod runtime;
mod send_to;
mod serializer;
mod shape;
#[cfg(feature = "signal")]
#[cfg_attr(not(feature = "cli"), allow(unreachable_pub, reason = "for the tool"))]
mod signals;
mod slot;
mod subscriber;
#[cfg(feature = "test-util")]
#[cfg_attr(docsrs, doc(cfg(feature = "test-util")))]
pub mod testing;
mod thread_safe;
mod timestamp;
mod trace;
pub mod transport;
mod type_map;
mod wire;
mod wiring;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use melange_derive::{Event, subscriber};
/// A token that is cancelled when the work should stop; subscribers may take it as an argument.
pub use tokio_util::sync::CancellationToken;

pub use any_event::AnyEvent;
pub use attributes::{AttributeValue, Attributes, IntoAttribute};
#[cfg(feature = "signal")]
#[cfg_attr(docsrs, doc(cfg(feature = "signal")))]
pub use bus::RunError;
pub use bus::{EventBus, EventBusBuilder, GlobalBusError, publish};
pub use checks::Checks;
pub use consumer::{
    Connected, Consumed, ConsumerHandle, ConsumerMetrics, Fate, Health, Intake, MessageConsumer,
    MessageConsumerBuilder, Processed, QueueControl, QueueHealth, QueueState, Settle, Shutdown, ShutdownError, Taken,
    Unconnected, UnknownEvents, UnknownVersions,
};
pub use context::{Context, Frame};
pub use dead_letters::{DeadLetters, Letter, Redrive, Redriven};
pub use dispatch::{SubscriberError, SubscriberErrorKind};
pub use error::build::{BuildErrors, Problem, ProblemKind};
pub use error::publish::PublishError;
pub use event::{Erased, Event, EventDescriptor, EventKey, Route, Upcast};
pub use event_id::EventId;
pub use example::Example;
pub use extract::{ExtractError, FromContext, Needs, State};
pub use field::{Field, Variant};
pub use handler::HandlerFn;
pub use in_process::{
    AsynchronousEventBus, AsynchronousEventBusBuilder, DispatchError, Drained, InProcessMetrics, SubscriptionHandle,
    SynchronousEventBus, SynchronousEventBusBuilder, TryPublishError,
};
pub use latest::Latest;
pub use location::Location;
pub use metadata::Metadata;
pub use outcome::{BoxError, Failure, IntoOutcome, Outcome};
pub use publisher::MessagePublisher;
pub use registry::{Crates, Fingerprint, Functions, Registry};
pub use retry::RetryPolicy;
/// The crate that generates schemas. Only a `#[derive(JsonSchema)]` of this version is recognised.
#[cfg(feature = "schema")]
#[cfg_attr(docsrs, doc(cfg(feature = "schema")))]
pub use schemars;
pub use send_to::SendTo;
pub use serializer::{DeserializeError, DeserializeErrorKind, EventSerializer, SerializeError};
pub use subscriber::{IntoSubscriptions, Subscriber, SubscriberDescriptor, SubscriberOptions, Subscription};
pub use thread_safe::ThreadSafe;
pub use timestamp::{ParseTimestampError, Timestamp};
pub use trace::with_traceparent;
pub use transport::{MemoryTransport, Transport};
pub use wire::Format;
