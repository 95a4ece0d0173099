//! The gate tries whether events read what they write: types within them may not, and no derive of ours sees those.
#![allow(dead_code, reason = "their shapes count, and what the gate makes of samples")]

/// Events of a few fields, as most of the tests want them. Before the files that use it.
macro_rules! events {
    ($($(#[$of:meta])* $name:ident $body:tt)*) => {$(
        #[derive(Serialize, Deserialize, Event)]
        $(#[$of])*
        #[event(topic = "things")]
        struct $name $body
    )*};
}

mod lost;
mod read_back;
mod unreadable;

use std::path::PathBuf;

use melange::contract::{Contract, ContractErrorKind, check_registry};
use melange::{Event, Registry};
use serde::{Deserialize, Serialize};

/// What the gate says of an event that has not changed.
fn gate<E: Event>() -> Result<(), String> {
    let registry = Registry::default().with::<E>();
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("both-ways-{}.json", E::DESCRIPTOR.name()));
    Contract::of(&registry).unwrap().write(&file).unwrap();
    check_registry(&registry, &file).map(|_| ()).map_err(|error| {
        assert_eq!(error.kind(), ContractErrorKind::OneWay, "{error}");
        error.to_string()
    })
}

// Of the events of several files.

type Note = Option<String>;

#[derive(Serialize, Deserialize)]
struct Page<T> {
    items: Vec<T>,
}

fn yes() -> bool {
    true
}
