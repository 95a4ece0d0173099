//! The fields and variants of an event, as declared in its source: for catalogues, fingerprints and contracts.

use std::fmt;

use crate::shape::Traced;

/// A field of an event, or of one of its variants, as `#[derive(Event)]` found it.
///
/// ```
/// use melange::Event;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, Event)]
/// #[event(topic = "orders")]
/// #[serde(rename_all = "camelCase")]
/// struct OrderPlaced {
///     #[event(key)]
///     order_id: String,
///     #[serde(default)]
///     gift: bool,
/// }
///
/// let [order_id, gift] = OrderPlaced::DESCRIPTOR.fields() else { unreachable!() };
/// assert_eq!((order_id.name(), order_id.type_name(), order_id.is_required()), ("orderId", "String", true));
/// assert!(order_id.is_key() && !gift.is_required());
/// ```
#[derive(Clone, Copy)]
pub struct Field {
    name: &'static str,
    type_name: &'static str,
    optional: bool,
    key: bool,
    flattened: bool,
    traced: Option<Traced>,
}

impl Field {
    /// A required field, with this name on the wire and this type as written in the source.
    #[must_use]
    pub const fn new(name: &'static str, type_name: &'static str) -> Self {
        Self { name, type_name, optional: false, key: false, flattened: false, traced: None }
    }

    /// Marks that it may be absent: an `Option`, or one with `#[serde(default)]`.
    #[must_use]
    pub const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Marked `#[event(key)]`.
    #[must_use]
    pub const fn key(mut self) -> Self {
        self.key = true;
        self
    }

    /// Whose own fields stand in its place: `#[serde(flatten)]`.
    #[doc(hidden)]
    #[must_use]
    pub const fn flattened(mut self, traced: Option<Traced>) -> Self {
        self.flattened = true;
        self.traced = traced;
        self
    }

    /// Of a variant that serde does not lead into.
    #[doc(hidden)]
    #[must_use]
    pub const fn looked_into(mut self, traced: Option<Traced>) -> Self {
        self.traced = traced;
        self
    }

    /// Its name on the wire: the one that is read, if serde writes another. A tuple field's name is its index.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Its type, as written in the source.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        self.type_name
    }

    /// Whether a message without it cannot be read.
    #[must_use]
    pub const fn is_required(&self) -> bool {
        !self.optional
    }

    /// Whether it is the ordering key.
    #[must_use]
    pub const fn is_key(&self) -> bool {
        self.key
    }

    /// Whether it is flattened: `#[serde(flatten)]`.
    #[must_use]
    pub const fn is_flattened(&self) -> bool {
        self.flattened
    }

    pub(crate) const fn traced(&self) -> Option<Traced> {
        self.traced
    }
}

impl fmt::Debug for Field {
    /// `order_id: String`, `note?: Option<String>`, `..extra: Extra`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = if self.flattened { ".." } else { "" };
        let after = if self.optional { "?" } else { "" };
        write!(f, "{before}{}{after}: {}", self.name, self.type_name)
    }
}

/// How the variants of an enum are tagged on the wire.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tagging {
    /// By a name around or beside what they hold, as serde's own way into the type shows.
    Outside,
    /// By this key among their own: `#[serde(tag = "..")]`.
    Inside(&'static str),
    /// By nothing: `#[serde(untagged)]`.
    Untagged,
}

/// A variant of an event that is an enum, as `#[derive(Event)]` found it.
#[derive(Debug, Clone, Copy)]
pub struct Variant {
    name: &'static str,
    fields: &'static [Field],
}

impl Variant {
    /// Of this name on the wire, with these fields.
    #[must_use]
    pub const fn new(name: &'static str, fields: &'static [Field]) -> Self {
        Self { name, fields }
    }

    /// Its name on the wire.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Its fields.
    #[must_use]
    pub const fn fields(&self) -> &'static [Field] {
        self.fields
    }
}
