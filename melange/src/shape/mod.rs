//! What an event looks like on the wire, as its own `Deserialize` tells it: the types of its fields and theirs, what may be
//! absent, and the variants of enums, however deep. Nothing has to be derived for it, and nothing is read from a source.
//!
//! Serde's generated code asks a deserializer for what it wants: a struct of these fields, one of these variants, a
//! string. The one here is asked again and again, each time it follows one way through the type and notes what is wanted at
//! its end.

mod access;
mod both_ways;
mod explore;
#[cfg(any(debug_assertions, feature = "contract"))]
mod lost;
mod run;
mod samples;
mod walk;

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub(crate) use both_ways::{BothWays, one_way};
pub(crate) use explore::of_event;
use run::Failed;
use walk::Walker;

/// What a type looks like on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Shape {
    /// May be null; a field, may be absent.
    Optional(Box<Shape>),
    /// A field that may be absent, and not null: what is missing is filled in.
    Default(Box<Shape>),
    List(Box<Shape>),
    /// A list with a place for each.
    Tuple(Vec<Shape>),
    /// An object with any keys.
    Map(Box<Shape>),
    /// An object whose keys must be of some form.
    Keyed {
        keys: Box<Shape>,
        values: Box<Shape>,
    },
    /// An object with these keys.
    #[serde(rename = "fields")]
    Struct(BTreeMap<String, Shape>),
    /// An object with these keys, and no others.
    #[serde(rename = "only_fields")]
    Closed(BTreeMap<String, Shape>),
    /// One of these.
    #[serde(rename = "variants")]
    Enum(BTreeMap<String, Shape>),
    /// One of these, each an object that says under this key which one it is.
    Tagged {
        by: String,
        variants: BTreeMap<String, Shape>,
    },
    /// One of these, and nothing says which: the first that fits.
    Untagged(BTreeMap<String, Shape>),
    /// Another name that this field is read under.
    Alias(String),
    /// A type that it is part of.
    Recursive(String),
    /// `"string"`, `"u64"`.
    #[serde(untagged)]
    Leaf(String),
}

impl Shape {
    pub(crate) fn leaf(name: impl Into<String>) -> Self {
        Self::Leaf(name.into())
    }

    /// A field of this shape that may be absent.
    fn or_absent(self) -> Self {
        match self {
            Self::Optional(_) | Self::Default(_) | Self::Alias(_) => self,
            shape => Self::Default(Box::new(shape)),
        }
    }
}

impl fmt::Display for Shape {
    /// In a few words, without what is inside.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Optional(inner) => write!(f, "optional {inner}"),
            Self::Default(inner) => write!(f, "{inner} with a default"),
            Self::List(inner) => write!(f, "list of {inner}"),
            Self::Tuple(places) => write!(f, "{} values in a list", places.len()),
            Self::Map(inner) => write!(f, "map of {inner}"),
            Self::Keyed { keys, values } => write!(f, "map of {values} by {keys}"),
            Self::Struct(fields) | Self::Closed(fields) => {
                let names: Vec<&str> = fields.keys().map(String::as_str).collect();
                let only = if matches!(self, Self::Closed(_)) { "only " } else { "" };
                write!(f, "object {{ {only}{} }}", names.join(", "))
            }
            Self::Enum(variants) => write!(f, "one of {}", names(variants)),
            Self::Tagged { by, variants } => write!(f, "one of {}, told by {by:?}", names(variants)),
            Self::Untagged(variants) => write!(f, "one of {}, untagged", names(variants)),
            Self::Alias(of) => write!(f, "another name of {of:?}"),
            Self::Recursive(name) => write!(f, "{name} again"),
            Self::Leaf(name) => f.write_str(name),
        }
    }
}

fn names(variants: &BTreeMap<String, Shape>) -> String {
    variants.keys().map(String::as_str).collect::<Vec<_>>().join(" | ")
}

/// The way to what a type's `Deserialize` wants.
#[derive(Clone, Copy)]
pub struct Traced(fn(Walker<'_>) -> Result<(), Failed>);

/// Whether there is such a way. It is as much code again as reading the type is, and only tests go it: it is left out of
/// release builds that do not ask for it.
pub(crate) const IS_TRACED: bool = cfg!(any(debug_assertions, feature = "contract"));

impl Traced {
    #[allow(clippy::extra_unused_type_parameters, reason = "used where it is traced")]
    pub(crate) const fn of<T: DeserializeOwned>() -> Self {
        #[cfg(any(debug_assertions, feature = "contract"))]
        return Self(trace::<T>);
        #[cfg(not(any(debug_assertions, feature = "contract")))]
        Self(|_| Err(Failed::Other))
    }
}

#[cfg(any(debug_assertions, feature = "contract"))]
fn trace<T: DeserializeOwned>(walker: Walker<'_>) -> Result<(), Failed> {
    T::deserialize(walker).map(drop)
}

impl fmt::Debug for Traced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Traced")
    }
}

/// Asks of a type whether it can be traced, without an error where it cannot.
#[derive(Debug)]
pub struct Probe<T>(PhantomData<T>);

/// The answer of types that serde does not read.
pub trait Untraced {
    /// There is no way.
    const TRACED: Option<Traced> = None;
}

impl<T> Untraced for Probe<T> {}

impl<T: DeserializeOwned> Probe<T> {
    /// The way.
    pub const TRACED: Option<Traced> = Some(Traced::of::<T>());
}
