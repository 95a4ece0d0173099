//! Constants, types and macros with the names that generated code could use; the same name in several modules.
#![forbid(unsafe_code)]
#![deny(missing_docs, warnings)]
#![allow(non_upper_case_globals, non_camel_case_types, dead_code, unused_macros)]

use melange::{Event, Metadata, State, subscriber};

static value: u8 = 1;
const error: u8 = 1;
const cx: u8 = 1;
struct raw;
struct instance;
struct this;
const needs: u8 = 1;
const argument_0: u8 = 1;
struct argument_1;
struct Duration;
struct Outcome;
struct Entry;
struct Subscribers;
trait FromContext {}
trait IntoOutcome {}
mod melange_private {}

macro_rules! concat {
    () => {};
}
macro_rules! module_path {
    () => {};
}
macro_rules! file {
    () => {};
}

/// An event.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

#[subscriber(listens_to = Placed, queue = "q", retry(attempts = 3, backoff = "1s..2s"), timeout = "3s")]
async fn on_placed(_: &Placed, _: &Metadata, _: Option<State<u8>>) -> Result<(), String> {
    Ok(())
}

#[subscriber(listens_to = Placed)]
fn sync(_: &Placed, _: &Metadata) {}

struct Ledger;

#[subscriber]
impl Ledger {
    #[listens_to]
    async fn placed(&self, _: &Placed, _: &Metadata) {}

    /// Not the trait's.
    pub fn downcast_ref(&self) {}
}

/// A module.
pub mod a {
    /// A subscriber.
    #[melange::subscriber(listens_to = super::Placed)]
    pub async fn run(_: &super::Placed) {}
}

/// A module.
pub mod b {
    use crate::*;

    /// A subscriber of the same name.
    #[::melange::subscriber(listens_to = Placed)]
    pub async fn run(_: &Placed) {}
}

/// Words of the language.
pub mod r#mod {
    /// An event.
    #[derive(Debug, Clone, serde::Serialize, serde::Deserialize, melange::Event)]
    #[event(topic = "words")]
    pub struct r#async;

    /// Another event, with a small letter.
    #[derive(Debug, Clone, serde::Serialize, serde::Deserialize, melange::Event)]
    #[event(topic = "words")]
    pub enum r#enum {
        /// A variant.
        r#If,
    }

    /// A subscriber.
    #[melange::subscriber(listens_to = r#async)]
    pub async fn r#await(r#in: &r#async) {
        let _ = r#in;
    }

    /// A value.
    #[derive(Debug)]
    pub struct r#struct;

    #[melange::subscriber]
    impl r#struct {
        #[listens_to]
        async fn r#loop(&self, r#in: &r#async) {
            let _ = r#in;
        }

        #[listens_to(r#enum, name = "größe – наш")]
        async fn größe(&self) {}
    }
}

fn main() {
    {
        #[subscriber(listens_to = Placed)]
        async fn run(_: &Placed) {}
        let _ = melange::subscribers![run];
    }
    let functions = melange::subscribers![a::run, b::run, r#mod::r#await, sync];
    melange::EventBus::builder().subscribers(functions).subscriber(Ledger).subscriber(r#mod::r#struct).build().unwrap();
    let registry = melange::Registry::linked().unwrap();
    let runs = registry.subscribers().filter(|subscriber| subscriber.name() == "run").count();
    assert_eq!(runs, 3);
    assert!(registry.subscribers().any(|subscriber| subscriber.name() == "struct::loop"));
}
