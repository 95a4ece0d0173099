//! Where there is no prelude, and no name that generated code could lean on.
#![no_implicit_prelude]
#![forbid(unsafe_code)]
#![deny(missing_docs, warnings)]

use ::melange::{Event, State, subscriber};
use ::std::option::Option;

/// An event of everything.
#[derive(::std::fmt::Debug, ::serde::Serialize, ::serde::Deserialize, Event)]
#[event(topic = "orders", version = 2, upcast_from = [PlacedV1], alias = ["Ordered"], deprecated = "wait")]
#[event(example = Self { id: 1, note: Option::None, topic: ::std::string::String::new() })]
pub struct Placed {
    #[event(key, dedup_id, attribute)]
    id: u64,
    #[event(attribute)]
    note: Option<::std::string::String>,
    #[event(topic)]
    topic: ::std::string::String,
}

/// An older version.
#[derive(::std::fmt::Debug, ::serde::Serialize, ::serde::Deserialize, Event)]
#[event(topic = "orders", name = "Placed")]
pub struct PlacedV1 {
    id: u64,
}

impl ::std::convert::From<PlacedV1> for Placed {
    fn from(old: PlacedV1) -> Self {
        Self { id: old.id, note: Option::None, topic: ::std::string::String::new() }
    }
}

/// An enum.
#[derive(::std::fmt::Debug, ::serde::Serialize, ::serde::Deserialize, Event)]
#[event(topic = "payments")]
pub enum Payment {
    /// With a field.
    Taken {
        /// How much.
        cents: u64,
    },
    /// Without.
    Refused,
}

#[subscriber(listens_to = Placed, queue = "q", retry(attempts = 3, backoff = "1s..2s"), timeout = "3s", concurrency = 2)]
async fn placed(
    order: &Placed,
    _: &::melange::Metadata,
    _: Option<State<u8>>,
) -> ::std::result::Result<(), ::std::string::String> {
    let _ = order.id;
    ::std::result::Result::Ok(())
}

#[subscriber(listens_to = [PlacedV1, Payment], blocking)]
fn either(_: Option<&PlacedV1>, _: Option<::std::sync::Arc<Payment>>) {}

/// A value.
#[derive(::std::fmt::Debug)]
pub struct Ledger;

#[subscriber]
impl Ledger {
    #[listens_to]
    async fn placed(&self, _: &Placed) {}

    #[listens_to]
    fn payment(&self, _: &Payment) {}
}

#[subscriber(part = 2)]
impl Ledger {
    #[listens_to(PlacedV1, blocking)]
    fn old(&self) {}
}

fn main() {
    let builder = ::melange::EventBus::builder().subscribers(::melange::subscribers![placed, either]);
    builder.subscriber(Ledger).build().unwrap();
}
