//! What is known of an event type.

use std::any::{Any, TypeId};
use std::fmt;

use super::{Event, Route, Upcast};
use crate::Location;
use crate::codec::Codec;
use crate::deprecation::Deprecation;
use crate::example::Example;
use crate::field::{Field, Tagging, Variant};
use crate::in_process::direct::{Listening, MakeHandlers, handlers};
use crate::slot::EventSlot;

/// What is known of an event type. Made by the derive, kept by the [`Registry`](crate::Registry).
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

fn route<E: Event>(event: &(dyn Any + Send + Sync)) -> Option<Route<'_>> {
    event.downcast_ref::<E>().map(Event::route)
}

impl EventDescriptor {
    /// A local event without a topic: the derive adds the rest. `type_name` is the path to the type.
    #[must_use]
    pub const fn new<E: Event>(name: &'static str, type_name: &'static str, location: Location) -> Self {
        Self {
            name,
            version: 1,
            topic: None,
            aliases: &[],
            upcasts: &[],
            attributes: &[],
            keyed: false,
            fields: &[],
            variants: &[],
            tagging: Tagging::Outside,
            deprecated: None,
            type_id: TypeId::of::<E>(),
            type_name,
            location,
            codec: None,
            slot: None,
            handlers: handlers::<E>,
            route: route::<E>,
            examples: &[],
            #[cfg(feature = "schema")]
            documentation: None,
        }
    }

    /// With this version on the wire, from 1.
    #[must_use]
    pub const fn with_version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    /// Published to this topic.
    #[must_use]
    pub const fn with_topic(mut self, topic: &'static str) -> Self {
        self.topic = Some(topic);
        self
    }

    /// Also read under these names.
    #[must_use]
    pub const fn with_aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    /// Also read from these older versions.
    #[must_use]
    pub const fn with_upcasts(mut self, upcasts: &'static [Upcast]) -> Self {
        self.upcasts = upcasts;
        self
    }

    /// Sent with these attributes of its own.
    #[must_use]
    pub const fn with_attributes(mut self, attributes: &'static [&'static str]) -> Self {
        self.attributes = attributes;
        self
    }

    /// With a field marked `#[event(key)]`.
    #[must_use]
    pub const fn with_key(mut self) -> Self {
        self.keyed = true;
        self
    }

    /// A struct with these fields.
    #[must_use]
    pub const fn with_fields(mut self, fields: &'static [Field]) -> Self {
        self.fields = fields;
        self
    }

    /// An enum with these variants.
    #[must_use]
    pub const fn with_variants(mut self, variants: &'static [Variant]) -> Self {
        self.variants = variants;
        self
    }

    /// An enum whose variants are told apart this way.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_tagging(mut self, tagging: Tagging) -> Self {
        self.tagging = tagging;
        self
    }

    /// Not to be published any more. Whoever does is warned, with what to do instead if that is known.
    #[must_use]
    pub const fn with_deprecation(mut self, instead: Option<&'static str>) -> Self {
        self.deprecated = Some(Deprecation { instead });
        self
    }

    /// Written and read this way, so that it may leave the process.
    #[must_use]
    pub const fn with_codec(mut self, codec: Codec) -> Self {
        self.codec = Some(codec);
        self
    }

    /// With a place in the tables of in-process buses: one of its own, whatever else it has in common with others.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_slot(mut self, slot: fn() -> &'static EventSlot) -> Self {
        self.slot = Some(slot);
        self
    }

    /// With these values of it, for people to look at.
    #[must_use]
    pub const fn with_examples(mut self, examples: &'static [fn() -> Example]) -> Self {
        self.examples = examples;
        self
    }

    /// With what the documents say of it.
    #[cfg(feature = "schema")]
    #[cfg_attr(docsrs, doc(cfg(feature = "schema")))]
    #[must_use]
    pub const fn with_documentation(mut self, documentation: crate::documents::Documented) -> Self {
        self.documentation = documentation;
        self
    }

    /// Nobody makes documents in this program.
    #[cfg(not(feature = "schema"))]
    #[doc(hidden)]
    #[must_use]
    pub const fn with_documentation(self, _: ()) -> Self {
        self
    }

    /// Standing for `T`, which need not be an event: benches have thousands, and no compiler the time for as many.
    #[doc(hidden)]
    #[must_use]
    pub const fn standing_for<T: 'static>(mut self) -> Self {
        self.type_id = TypeId::of::<T>();
        self
    }

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

    /// Its fields, if it is a struct and the derive made this: as they are declared, without those that are on no wire
    /// (`#[serde(skip)]`). None if serde writes it as another type (`#[serde(into = "..")]`, `transparent`).
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

    /// Whether it is not to be published any more (`#[event(deprecated)]`).
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

    /// What the documents say of it: doc comments and fields, as the derive found them. `None` where it was written by hand.
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

    /// What `event` says of its own way; `None` if it is of another type.
    #[must_use]
    pub fn route<'a>(&self, event: &'a (dyn Any + Send + Sync)) -> Option<Route<'a>> {
        (self.route)(event)
    }

    pub(crate) const fn codec(&self) -> Option<&Codec> {
        self.codec.as_ref()
    }

    /// Every name it is read under, its own first.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }

    /// The older versions it can be made from, step by step. Versions fall along the way; what does not fall is a problem of
    /// its own, and left out.
    pub(crate) fn ancestors(&self) -> Vec<&'static EventDescriptor> {
        let mut ancestors: Vec<&'static EventDescriptor> = Vec::new();
        let mut steps: Vec<&'static Upcast> = self.older_steps().collect();
        while let Some(step) = steps.pop() {
            if !ancestors.iter().any(|known| known.is_same_type(step.from)) {
                ancestors.push(step.from);
                steps.extend(step.from.older_steps());
            }
        }
        ancestors
    }

    /// Every name it or an older version of it is read under.
    pub(crate) fn family_names(&self) -> impl Iterator<Item = &'static str> {
        self.names().chain(self.ancestors().into_iter().flat_map(Self::names))
    }

    pub(crate) fn older_steps(&self) -> impl Iterator<Item = &'static Upcast> + use<> {
        let version = self.version;
        self.upcasts.iter().filter(move |step| step.from.version < version)
    }

    pub(crate) fn is_same_type(&self, other: &Self) -> bool {
        self.type_id == other.type_id
    }

    /// The same as far as constants can tell, where types cannot be compared.
    pub(crate) const fn seems_to_be(&self, other: &Self) -> bool {
        self.version == other.version
            && is_same_text(self.name, other.name)
            && is_same_text(self.type_name, other.type_name)
    }
}

/// `==`, which is not to be had in constants.
const fn is_same_text(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at == a.len() && at == b.len()
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
