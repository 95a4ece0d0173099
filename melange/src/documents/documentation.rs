//! What the derive found in an event's source beside what its descriptor says.

use std::fmt;

use super::schema::Generate;
use super::variant::{Tagged, VariantDocumentation};

/// What is documented of an event: `None` where its descriptor was written by hand.
pub type Documented = Option<&'static Documentation>;

/// What the derive found in an event's source: its doc comment, its fields and their types.
#[derive(Debug)]
pub struct Documentation {
    text: &'static str,
    shape: Shape,
    schema: Option<Generate>,
    fields: &'static [FieldDocumentation],
    tagged: Tagged,
    variants: &'static [VariantDocumentation],
    deprecated: Option<&'static str>,
}

/// What kind of type an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shape {
    /// A struct with named fields.
    Named,
    /// A tuple struct with one field, which serde writes as that field alone.
    Newtype,
    /// A tuple struct with several fields, or none.
    Tuple,
    /// A struct without fields.
    Unit,
    /// An enum: its variants stand for the fields.
    Enum,
    /// What serde writes by way of another type (`into`, `transparent`).
    Other,
}

impl Documentation {
    /// Of a type with this doc comment. Generated code only.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(text: &'static str, shape: Shape, schema: Option<Generate>) -> Self {
        Self { text, shape, schema, fields: &[], tagged: Tagged::Around, variants: &[], deprecated: None }
    }

    /// With these fields, or variants. Generated code only.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_fields(mut self, fields: &'static [FieldDocumentation]) -> Self {
        self.fields = fields;
        self
    }

    /// With these variants, told apart like this. Generated code only.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_variants(mut self, tagged: Tagged, variants: &'static [VariantDocumentation]) -> Self {
        self.tagged = tagged;
        self.variants = variants;
        self
    }

    /// Under Rust's `#[deprecated]`. Generated code only.
    #[doc(hidden)]
    #[must_use]
    pub const fn deprecated(mut self, note: &'static str) -> Self {
        self.deprecated = Some(note);
        self
    }

    /// Its doc comment, as written; empty if it has none.
    #[must_use]
    pub fn text(&self) -> &'static str {
        self.text.trim()
    }

    /// What kind of type it is.
    #[must_use]
    pub const fn shape(&self) -> Shape {
        self.shape
    }

    /// Its fields, in their order; the variants of an enum. None of what serde neither writes nor reads.
    #[must_use]
    pub const fn fields(&self) -> &'static [FieldDocumentation] {
        self.fields
    }

    /// The note of `#[deprecated]`, which may be empty.
    #[must_use]
    pub const fn deprecation(&self) -> Option<&'static str> {
        self.deprecated
    }

    /// Whether the type implements `JsonSchema`.
    #[must_use]
    pub const fn has_schema(&self) -> bool {
        self.schema.is_some()
    }

    pub(super) const fn schema(&self) -> Option<Generate> {
        self.schema
    }

    pub(super) const fn tagged(&self) -> Tagged {
        self.tagged
    }

    pub(super) const fn variants(&self) -> &'static [VariantDocumentation] {
        self.variants
    }
}

/// A field of an event, or a variant of an enum.
#[derive(Clone, Copy)]
pub struct FieldDocumentation {
    name: &'static str,
    type_name: &'static str,
    text: &'static str,
    schema: Option<Generate>,
    marks: Marks,
    attribute: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Marks {
    key: bool,
    dedup_id: bool,
    topic: bool,
    occurred_on: bool,
    flatten: bool,
    not_written: bool,
    not_read: bool,
    left_out: bool,
    filled_in: bool,
    aliased: bool,
}

macro_rules! marks {
    ($($mark:ident, $is:ident: $what:literal;)*) => {$(
        #[doc = concat!("The same, ", $what, ". Generated code only.")]
        #[doc(hidden)]
        #[must_use]
        pub const fn $mark(mut self) -> Self {
            self.marks.$mark = true;
            self
        }

        #[doc = concat!("Whether it is ", $what, ".")]
        #[must_use]
        pub const fn $is(&self) -> bool {
            self.marks.$mark
        }
    )*};
}

impl FieldDocumentation {
    /// A field, by its name in the JSON and its type as written. Generated code only.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(
        name: &'static str,
        type_name: &'static str,
        text: &'static str,
        schema: Option<Generate>,
    ) -> Self {
        let marks = Marks {
            key: false,
            dedup_id: false,
            topic: false,
            occurred_on: false,
            flatten: false,
            not_written: false,
            not_read: false,
            left_out: false,
            filled_in: false,
            aliased: false,
        };
        Self { name, type_name, text, schema, marks, attribute: None }
    }

    /// The same, also sent as the message attribute `name`. Generated code only.
    #[doc(hidden)]
    #[must_use]
    pub const fn attribute(mut self, name: &'static str) -> Self {
        self.attribute = Some(name);
        self
    }

    marks! {
        key, is_key: "the ordering key";
        dedup_id, is_dedup_id: "the deduplication id";
        topic, is_topic: "what says where the event is published";
        occurred_on, is_occurred_on: "what says when the event happened";
        flatten, is_flattened: "written as fields of its own (`#[serde(flatten)]`)";
        not_written, is_not_written: "read, but not written";
        not_read, is_not_read: "written, but not read";
        left_out, is_left_out: "left out now and then (`#[serde(skip_serializing_if = ..)]`)";
        filled_in, is_filled_in: "filled in when it is missing";
        aliased, is_aliased: "read under other names too (`#[serde(alias = \"..\")]`)";
    }

    /// Its name in the JSON, its number in a tuple, or the name of the variant.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Its Rust type, as written; empty for a variant.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        self.type_name
    }

    /// Its doc comment; empty if it has none.
    #[must_use]
    pub fn text(&self) -> &'static str {
        self.text.trim()
    }

    /// The message attribute it is also sent as.
    #[must_use]
    pub const fn attribute_name(&self) -> Option<&'static str> {
        self.attribute
    }

    pub(super) const fn schema(&self) -> Option<Generate> {
        self.schema
    }
}

impl fmt::Debug for FieldDocumentation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FieldDocumentation")
            .field("name", &self.name)
            .field("type_name", &self.type_name)
            .finish_non_exhaustive()
    }
}
