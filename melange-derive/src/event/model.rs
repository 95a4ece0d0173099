//! The event as the macro understands it: its fields, what they are marked with, and how it lies in the body.

use quote::ToTokens;
use syn::{Data, DeriveInput, Fields, Ident, Member, Type};

use super::attr::{self, ContainerAttrs, FieldAttrs};
use super::serde_attrs::{SerdeContainer, SerdeField};
use crate::problems::Problems;
use crate::spelling::text;

/// The envelope's names, which a flat body has no room for twice.
pub(crate) const RESERVED: [&str; 5] = ["event_type_name", "event_id", "event_version", "occurred_on", "topic"];

/// An event.
pub(crate) struct Model<'a> {
    pub(crate) fields: Vec<Field<'a>>,
    pub(crate) serde: SerdeContainer,
    /// If it is an enum, its variants.
    pub(crate) variants: Vec<Variant<'a>>,
    /// Whether its fields stand beside the envelope's.
    pub(crate) flat: bool,
}

/// A variant of an event that is an enum, if it is on the wire.
pub(crate) struct Variant<'a> {
    pub(crate) source: &'a syn::Variant,
    pub(crate) name: String,
    /// What serde says of itself.
    pub(crate) own: SerdeField,
    pub(crate) fields: Vec<(&'a syn::Field, Member, SerdeField)>,
    /// What serde says of its fields' names.
    pub(crate) serde: SerdeContainer,
}

/// A field of an event that is a struct.
pub(crate) struct Field<'a> {
    pub(crate) source: &'a syn::Field,
    pub(crate) member: Member,
    pub(crate) attrs: FieldAttrs,
    /// Whether something is wrong in them, so that what they do not say is not wrong once more.
    pub(crate) misread: bool,
    pub(crate) serde: SerdeField,
    /// The name in the body that is written, for a named field that is written.
    pub(crate) written: Option<String>,
    /// The name in the body that is read, aliases apart, for a named field that is read.
    pub(crate) read: Option<String>,
}

impl<'a> Model<'a> {
    pub(crate) fn read(input: &'a DeriveInput, container: &ContainerAttrs, problems: &mut Problems) -> Self {
        let serde = SerdeContainer::read(&input.attrs);
        let mut fields = Vec::new();
        let mut variants = Vec::new();
        let mut flat = false;
        match &input.data {
            Data::Struct(data) => {
                flat = matches!(data.fields, Fields::Named(_)) && !serde.other_shape && container.local.is_none();
                for (field, member) in data.fields.iter().zip(data.fields.members()) {
                    fields.push(Field::new(field, member, &serde, problems));
                }
            }
            Data::Enum(data) => {
                for variant in &data.variants {
                    let message = "`#[event(..)]` cannot mark a part of an enum: put the enum into a struct, and mark a field there";
                    attr::refuse(&variant.attrs, message, problems);
                    for field in &variant.fields {
                        attr::refuse(&field.attrs, message, problems);
                    }
                    let own = SerdeField::read(&variant.attrs);
                    if let Some(name) = serde.variant(&text(&variant.ident), &own) {
                        let fields = variant.fields.iter().zip(variant.fields.members());
                        let fields = fields.map(|(field, member)| (field, member, SerdeField::read(&field.attrs)));
                        let (fields, serde) = (fields.collect(), serde.within(&variant.attrs));
                        variants.push(Variant { source: variant, name, own, fields, serde });
                    }
                }
            }
            Data::Union(_) => {}
        }
        Self { fields, serde, variants, flat }
    }

    /// The reserved names that fields of the event bear by permission.
    pub(crate) fn own(&self) -> Vec<&str> {
        let written = self.fields.iter().filter_map(|field| field.written.as_deref());
        written.filter(|name| RESERVED.contains(name)).collect()
    }

    /// Whether some of the event's names are known only at run time.
    pub(crate) fn is_open(&self) -> bool {
        self.fields.iter().any(|field| field.serde.flatten)
    }
}

impl<'a> Field<'a> {
    fn new(source: &'a syn::Field, member: Member, container: &SerdeContainer, problems: &mut Problems) -> Self {
        let before = problems.len();
        let attrs = FieldAttrs::read(&source.attrs, problems);
        let misread = problems.len() > before;
        let serde = SerdeField::read(&source.attrs);
        let name = source.ident.as_ref().map(text);
        let written = name.as_deref().and_then(|name| serde.written(name, container));
        let read = name.as_deref().and_then(|name| serde.read_as(name, container));
        Self { source, member, attrs, misread, serde, written, read }
    }

    pub(crate) fn ty(&self) -> &'a Type {
        &self.source.ty
    }

    /// What to point at, and what to call it, when the field itself is wrong.
    pub(crate) fn place(&self) -> proc_macro2::TokenStream {
        match &self.source.ident {
            Some(ident) => ident.to_token_stream(),
            None => self.source.ty.to_token_stream(),
        }
    }

    /// The name of the message attribute it is sent as.
    pub(crate) fn attribute_name(&self) -> Option<String> {
        match &self.attrs.attribute.as_ref()?.name {
            Some(name) => Some(name.value()),
            None => self.written.clone().or_else(|| self.source.ident.as_ref().map(text)),
        }
    }

    /// Whether it may bear this name of the envelope.
    pub(crate) fn may_be(&self, reserved: &str) -> bool {
        match reserved {
            "topic" => self.attrs.topic.is_some(),
            "occurred_on" => self.attrs.occurred_on.is_some(),
            _ => false,
        }
    }
}

/// The mark of one kind on a field.
pub(crate) type Mark = fn(&FieldAttrs) -> Option<&Ident>;

/// The marks that only one field can have.
pub(crate) const SINGLE: [(&str, Mark); 4] = [
    ("key", |attrs| attrs.key.as_ref()),
    ("dedup_id", |attrs| attrs.dedup_id.as_ref()),
    ("topic", |attrs| attrs.topic.as_ref()),
    ("occurred_on", |attrs| attrs.occurred_on.as_ref()),
];
