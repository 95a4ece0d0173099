//! Whether a type says what its JSON looks like, found out while the program compiles.
//!
//! `SchemaOf::<T>::FOUND` is the constant of the impl below where `T` implements `JsonSchema`. Elsewhere that impl does not
//! apply, and the same words name the constant of the trait, which is `None`. So a derive can ask any type, and no type
//! has to answer.

use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};

/// How a type's schema is made.
#[derive(Clone, Copy)]
pub struct Generate {
    /// The schema itself.
    pub(super) itself: fn(&mut SchemaGenerator) -> Schema,
    /// The schema, or a reference to it among the definitions.
    pub(super) reference: fn(&mut SchemaGenerator) -> Schema,
}

impl fmt::Debug for Generate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Generate")
    }
}

/// Asks whether `T` has a schema. Generated code only.
#[derive(Debug)]
pub struct SchemaOf<T: ?Sized>(PhantomData<T>);

impl<T: ?Sized + JsonSchema> SchemaOf<T> {
    /// It has.
    pub const FOUND: Option<Generate> =
        Some(Generate { itself: T::json_schema, reference: SchemaGenerator::subschema_for::<T> });
}

/// What is found for all other types. Generated code only.
pub trait WithoutSchema {
    /// It has none.
    const FOUND: Option<Generate> = None;
}

impl<T: ?Sized> WithoutSchema for SchemaOf<T> {}
