//! A descriptor as the derive makes it, or a hand: in a constant, step by step.

use std::any::{Any, TypeId};

use super::EventDescriptor;
use crate::Location;
use crate::codec::Codec;
use crate::deprecation::Deprecation;
use crate::event::{Event, Route, Upcast};
use crate::example::Example;
use crate::field::{Field, Tagging, Variant};
use crate::in_process::direct::handlers;
use crate::slot::EventSlot;

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
}

fn route<E: Event>(event: &(dyn Any + Send + Sync)) -> Option<Route<'_>> {
    event.downcast_ref::<E>().map(Event::route)
}
