//! What the derive found in the source of an event that is an enum.

use super::documentation::FieldDocumentation;

/// How serde tells the variants of an enum apart. Generated code only.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tagged {
    /// By a name around what they hold.
    Around,
    /// By this key among what they hold.
    Inside(&'static str),
    /// By this key beside the one that they are held under.
    Beside(&'static str, &'static str),
    /// By nothing.
    Untagged,
}

/// What a variant holds. Generated code only.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Nothing.
    Nothing,
    /// One value.
    One,
    /// Values in a list.
    List,
    /// Named fields.
    Fields,
    /// Something that only a function of the event's own knows.
    Anything,
}

/// A variant of an enum. Generated code only.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct VariantDocumentation {
    /// The name it is written under; none for one that is not.
    written: Option<&'static str>,
    /// The names it is read under; none for one that is not.
    read: &'static [&'static str],
    text: &'static str,
    holds: Holds,
    fields: &'static [FieldDocumentation],
    untagged: bool,
    other: bool,
}

impl VariantDocumentation {
    /// A variant by its names.
    #[must_use]
    pub const fn new(
        written: Option<&'static str>,
        read: &'static [&'static str],
        text: &'static str,
        holds: Holds,
        fields: &'static [FieldDocumentation],
    ) -> Self {
        Self { written, read, text, holds, fields, untagged: false, other: false }
    }

    /// The same, told by nothing from the others.
    #[must_use]
    pub const fn untagged(mut self) -> Self {
        self.untagged = true;
        self
    }

    /// The same, which stands for all names that there are not.
    #[must_use]
    pub const fn other(mut self) -> Self {
        self.other = true;
        self
    }

    /// The names it has on the wire, for who writes it or for who reads it.
    pub(super) fn names(&self, written: bool) -> Vec<&'static str> {
        if written { self.written.into_iter().collect() } else { self.read.to_vec() }
    }

    pub(super) fn text(&self) -> &'static str {
        self.text.trim()
    }

    pub(super) const fn holds(&self) -> Holds {
        self.holds
    }

    pub(super) const fn fields(&self) -> &'static [FieldDocumentation] {
        self.fields
    }

    pub(super) const fn is_untagged(&self) -> bool {
        self.untagged
    }

    pub(super) const fn is_other(&self) -> bool {
        self.other
    }
}
