//! Lints that nobody may allow, and others that are errors: what is generated breaks none, and allows none of these.
#![forbid(unsafe_code, missing_docs, dead_code, unreachable_pub)]
#![forbid(missing_debug_implementations, missing_copy_implementations, unnameable_types, single_use_lifetimes)]
#![deny(warnings, nonstandard_style, rust_2018_idioms, unused_qualifications)]

/// A module that others see.
pub mod orders {
    use melange::{Event, Metadata, subscriber};

    /// An event.
    #[derive(Debug, Clone, serde::Serialize, serde::Deserialize, Event)]
    #[event(topic = "orders")]
    pub struct Placed {
        #[event(key)]
        id: String,
    }

    #[subscriber(listens_to = Placed)]
    async fn private(order: &Placed) {
        let _ = &order.id;
    }

    /// A subscriber that others see.
    #[subscriber(listens_to = Placed)]
    pub async fn public(order: &Placed, meta: &Metadata) {
        let _ = (order, meta);
    }

    /// A subscriber of the crate.
    #[subscriber(listens_to = Placed, blocking)]
    pub(crate) fn of_the_crate(_: &Placed) {}

    mod inner {
        #[melange::subscriber(listens_to = super::Placed)]
        pub(in crate::orders) fn of_the_module(_: &super::Placed) {}
    }

    /// A value.
    #[derive(Debug, Clone, Copy)]
    pub struct Ledger;

    #[subscriber]
    impl Ledger {
        #[listens_to]
        async fn placed(&self, order: &Placed) {
            let _ = order;
        }
    }
}

fn main() {
    let functions = melange::subscribers![orders::public, orders::of_the_crate];
    melange::EventBus::builder().subscribers(functions).subscriber(orders::Ledger).build().unwrap();
}
