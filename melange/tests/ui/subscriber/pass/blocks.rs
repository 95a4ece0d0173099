//! Several impl blocks of one type under `#[subscriber]`: in several modules, of both forms, with conditions.
#![forbid(unsafe_code)]
#![deny(missing_docs, warnings)]

use melange::{Event, EventBus, subscriber};

/// An event.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

/// Another.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Cancelled {}

/// A third.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Shipped {}

/// A value.
#[derive(Debug)]
pub struct Ledger;

// Whatever the order they stand in.
mod shipping {
    use melange::subscriber;

    #[subscriber(part = 16, queue = "shipping", name = "Shipping")]
    impl super::Ledger {
        #[listens_to]
        async fn shipped(&self, _: &super::Shipped) {}
    }
}

#[subscriber]
impl Ledger {
    #[listens_to]
    async fn placed(&self, _: &Placed) {}
}

#[subscriber(listens_to = Cancelled, part = 2)]
impl Ledger {
    async fn process(&self, _: &Cancelled) {}
}

#[cfg(any())]
#[subscriber(part = 3)]
impl Ledger {
    #[listens_to]
    async fn gone(&self, _: &Gone) {}
}

/// Generic.
#[derive(Debug)]
pub struct Store<T>(T);

#[subscriber(part = 1)]
impl Store<u8> {
    #[listens_to]
    async fn placed(&self, _: &Placed) {
        let _ = self.0;
    }
}

#[subscriber(part = 2)]
impl Store<u8> {
    #[listens_to]
    async fn cancelled(&self, _: &Cancelled) {}
}

// Another type, with blocks of its own.
#[subscriber]
impl Store<u16> {
    #[listens_to]
    async fn placed(&self, _: &Placed) {}
}

macro_rules! block {
    ($type:ty, $part:literal, $name:ident, $event:ty) => {
        #[subscriber(part = $part)]
        impl $type {
            #[listens_to]
            async fn $name(&self, _: &$event) {}
        }
    };
}

block!(Store<u16>, 2, cancelled, Cancelled);
block!(Store<u16>, 3, shipped, crate::Shipped);

fn main() {
    let bus = EventBus::builder().linked().subscriber(Ledger).subscriber(Store(1_u8)).subscriber(Store(1_u16));
    let bus = bus.build().unwrap();
    let mut names: Vec<_> = bus.subscribers().map(|(queue, subscriber)| (queue, subscriber.name())).collect();
    names.sort_unstable();
    let of_the_bus = &names[..names.len() - 1];
    assert_eq!(names.last(), Some(&("shipping", "Shipping::shipped")));
    let of_the_bus: Vec<_> = of_the_bus.iter().map(|(_, name)| *name).collect();
    let of_store = ["Store::cancelled", "Store::cancelled", "Store::placed", "Store::placed", "Store::shipped"];
    assert_eq!(of_the_bus[..2], ["Ledger", "Ledger::placed"]);
    assert_eq!(of_the_bus[2..], of_store);
}
