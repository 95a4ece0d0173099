//! What is known of an event type.

mod builder;
mod family;

use std::any::{Any, TypeId};
use std::fmt;

use super::{Route, Upcast};
use crate::Location;
use crate::codec::Codec;
use crate::deprecation::Deprecation;
use crate::example::Example;
use crate::field::{Field, Tagging, Variant};
use crate::in_process::direct::{Listening, MakeHandlers};
use crate::slot::EventSlot;

/// Describes an event type. Made by the derive, kept by the [`Registry`](crate::Registry).
// In this order, so that what is asked of thousands when a bus is built stands in two lines of the cache.
#[derive(Clone)]
#[repr(C, align(64))]
pub struct EventDescriptor {
    type_id: TypeId,
    name: &'static str,
    slot: Option<fn() -> &'static EventSlot>,
    handlers: MakeHandlers,
    version: u32,
    keyed: bool,
    topic: Option<&'static str>,
    aliases: &'static [&'static str],
    upcasts: &'static [Upcast],
    attributes: &'static [&'static str],
    fields: &'static [Field],
    variants: &'static [Variant],
    tagging: Tagging,
    deprecated: Option<Deprecation>,
    type_name: &'static str,
    location: Location,
    codec: Option<Codec>,
    route: for<'a> fn(&'a (dyn Any + Send + Sync)) -> Option<Route<'a>>,
    examples: &'static [fn() -> Example],
    #[cfg(feature = "schema")]
    documentation: crate::documents::Documented,
}

impl EventDescriptor {
    /// The name on the wire, `event_type_name`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The version on the wire.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// Where it is published, unless the instance says otherwise; `None` only for local events.
    #[must_use]
    pub const fn topic(&self) -> Option<&'static str> {
        self.topic
    }

    /// Names still accepted when reading.
    #[must_use]
    pub const fn aliases(&self) -> &'static [&'static str] {
        self.aliases
    }

    /// Older versions it can be made from.
    #[must_use]
    pub const fn upcasts(&self) -> &'static [Upcast] {
        self.upcasts
    }

    /// The names of the fields marked `#[event(attribute)]`.
    #[must_use]
    pub const fn attributes(&self) -> &'static [&'static str] {
        self.attributes
    }

    /// Whether a field is marked `#[event(key)]`.
    #[must_use]
    pub const fn has_key(&self) -> bool {
        self.keyed
    }

    /// Its fields, if it is a struct and the derive made this: in declaration order, without those that are never
    /// serialized (`#[serde(skip)]`). None if serde writes it as another type (`#[serde(into = "..")]`, `transparent`).
    #[must_use]
    pub const fn fields(&self) -> &'static [Field] {
        self.fields
    }

    pub(crate) const fn tagging(&self) -> Tagging {
        self.tagging
    }

    /// Its variants, if it is an enum and the derive made this.
    #[must_use]
    pub const fn variants(&self) -> &'static [Variant] {
        self.variants
    }

    /// Whether it should no longer be published (`#[event(deprecated)]`).
    #[must_use]
    pub const fn is_deprecated(&self) -> bool {
        self.deprecated.is_some()
    }

    /// What to do instead of publishing it: the text of `#[event(deprecated = "...")]`.
    #[must_use]
    pub const fn deprecation_note(&self) -> Option<&'static str> {
        match self.deprecated {
            Some(Deprecation { instead }) => instead,
            None => None,
        }
    }

    /// The values given by `#[event(example = ..)]`, made anew.
    pub fn examples(&self) -> impl Iterator<Item = Example> + use<> {
        self.examples.iter().map(|example| example())
    }

    /// What the documents say of it: doc comments and fields, as the derive found them. `None` where it was written by
    /// hand.
    #[cfg(feature = "schema")]
    #[cfg_attr(docsrs, doc(cfg(feature = "schema")))]
    #[must_use]
    pub const fn documentation(&self) -> crate::documents::Documented {
        self.documentation
    }

    /// Whether it never leaves the process (`#[event(local)]`).
    #[must_use]
    pub const fn is_local(&self) -> bool {
        self.codec.is_none()
    }

    /// The path to the Rust type.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        self.type_name
    }

    /// Where it was declared.
    #[must_use]
    pub const fn location(&self) -> Location {
        self.location
    }

    pub(crate) const fn type_id(&self) -> TypeId {
        self.type_id
    }

    pub(crate) fn slot(&self) -> Option<&'static EventSlot> {
        self.slot.map(|slot| slot())
    }

    /// Those who listen to this event, as the synchronous bus calls them.
    pub(crate) fn handlers(&self, listening: Listening) -> Box<dyn Any + Send + Sync> {
        (self.handlers)(listening)
    }

    /// The routing data of `event`; `None` if it is of another type.
    #[must_use]
    pub fn route<'a>(&self, event: &'a (dyn Any + Send + Sync)) -> Option<Route<'a>> {
        (self.route)(event)
    }

    pub(crate) const fn codec(&self) -> Option<&Codec> {
        self.codec.as_ref()
    }
}

impl fmt::Debug for EventDescriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventDescriptor")
            .field("name", &self.name)
            .field("version", &self.version)
            .field("topic", &self.topic)
            .field("type_name", &self.type_name)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for EventDescriptor {
    /// `OrderPlaced v2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} v{}", self.name, self.version)
    }
}
