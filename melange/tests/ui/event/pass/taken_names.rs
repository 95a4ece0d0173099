//! Constants, functions and methods with the names that generated code could use.
#![forbid(unsafe_code)]
#![deny(missing_docs, warnings)]
#![allow(non_upper_case_globals, dead_code)]

use melange::Event;

const route: u8 = 1;
static value: u8 = 1;
const DESCRIPTOR: u8 = 1;

/// With fields and methods of such names.
#[derive(Debug, serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders", upcast_from = [Older], version = 2, name = "Placed")]
pub struct Placed {
    #[event(key)]
    route: Key,
    #[event(attribute)]
    value: Option<String>,
}

/// A type with methods of such names.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub struct Key(u8);

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl Key {
    /// Not a key.
    pub fn to_key(&self) -> u8 {
        0
    }
}

impl Placed {
    /// Not a descriptor.
    pub const DESCRIPTOR: u8 = DESCRIPTOR;

    /// Not a route.
    pub fn route(&self) -> u8 {
        self.route.to_key() + route + value
    }
}

/// The older version.
#[derive(Debug, serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders", name = "Placed")]
pub struct Older;

impl From<Older> for Placed {
    fn from(_: Older) -> Self {
        Self { route: Key(0), value: None }
    }
}

/// A name that only Rust sees.
#[derive(Debug, serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "sizes", name = "Groesse")]
pub struct Größe {
    /// A key.
    #[event(key)]
    pub länge: String,
    /// An attribute.
    #[event(attribute = "hoehe")]
    pub höhe: u8,
}

/// Words of the language.
#[derive(Debug, serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "words")]
pub struct r#Match {
    /// A key.
    #[event(key)]
    pub r#type: String,
    /// An attribute.
    #[event(attribute)]
    pub r#fn: u8,
}

fn main() {
    let placed = Placed { route: Key(7), value: Some("x".into()) };
    assert_eq!(<Placed as Event>::route(&placed).key.as_deref(), Some("7"));
    assert_eq!((placed.route(), <Placed as Event>::DESCRIPTOR.name()), (2, "Placed"));
    assert_eq!((r#Match::DESCRIPTOR.name(), r#Match::DESCRIPTOR.attributes()), ("Match", &["fn"][..]));
}
