//! Every form of a subscriber, where the names of the standard library are taken and warnings are errors.
#![forbid(unsafe_code)]
#![deny(missing_docs, warnings)]

/// The crate under another name.
pub mod facade {
    pub use melange as renamed;
}

/// Subscribers.
#[allow(dead_code, non_camel_case_types)]
pub mod subscribers {
    use melange::{CancellationToken, Context, Event, Metadata, Outcome, State, subscriber};

    /// Taken names.
    pub struct Option;
    /// Taken names.
    pub struct Result;
    /// Taken names.
    pub struct Box;
    /// Taken names.
    pub mod core {}
    /// Taken names.
    pub mod std {}

    /// An event.
    #[derive(Clone, serde::Serialize, serde::Deserialize, Event)]
    #[event(topic = "orders")]
    pub struct Placed {}

    /// An event.
    #[derive(serde::Serialize, serde::Deserialize, facade::renamed::Event)]
    #[event(topic = "orders", crate = crate::facade::renamed)]
    pub struct Cancelled {}
    use crate::facade;

    /// A state.
    #[derive(Clone)]
    pub struct Mailer;

    /// Everything at once.
    #[subscriber(listens_to = Placed, name = "receipts", queue = "billing", retry(attempts = 3, backoff = "100ms..1m"), timeout = "1m30s", concurrency = 8)]
    pub async fn receipt<'a>(
        order: &'a Placed,
        meta: &Metadata,
        State(_mailer): State<Mailer>,
        cx: &Context<Placed>,
        stop: CancellationToken,
        shared: ::std::sync::Arc<Placed>,
        maybe: ::std::option::Option<State<u64>>,
    ) -> ::std::result::Result<(), ::std::io::Error> {
        let _ = (order, meta, cx.event(), stop, shared, maybe.is_some());
        Ok(())
    }

    /// Sync.
    #[subscriber(listens_to = Placed)]
    fn sync(order: &Placed) -> Outcome {
        let _ = order;
        Outcome::Retry { after: None }
    }

    /// Blocking.
    #[subscriber(listens_to = Placed, blocking)]
    fn label(_: &Placed) {}

    /// A raw name.
    #[subscriber(listens_to = Placed, crate = crate::facade::renamed)]
    fn r#match(_: &Placed) {}

    /// Several events.
    #[subscriber(listens_to = [Placed, Cancelled])]
    async fn audit(meta: &Metadata, placed: ::std::option::Option<&Placed>, cancelled: ::std::option::Option<&Cancelled>) {
        let _ = (meta, placed.is_some(), cancelled.is_some());
    }

    /// A value with two handlers.
    pub struct Ledger;

    #[subscriber]
    impl Ledger {
        #[listens_to]
        async fn placed(&self, order: &Placed) -> ::std::result::Result<(), ::std::string::String> {
            let _ = order;
            Ok(())
        }
        #[listens_to]
        async fn cancelled(&self, order: &Cancelled, meta: &Metadata) -> Outcome {
            let _ = (order, meta);
            Outcome::Done
        }
        /// Not a handler.
        pub fn helper(&self) {}
    }

    /// The one-event form.
    pub struct Counter;

    #[subscriber(listens_to = Placed)]
    impl Counter {
        async fn process(&self, _order: &Placed) {}
    }

    /// By hand.
    pub struct ByHand;

    impl melange::Subscriber<Placed> for ByHand {
        async fn process(&self, event: &Placed, cx: &Context<Placed>) -> Outcome {
            let _ = (event, cx);
            Outcome::Done
        }
    }
}

use subscribers::{ByHand, Counter, Ledger, Mailer, Placed, receipt};

fn main() {
    use melange::subscriber;

    #[subscriber(listens_to = Placed)]
    async fn inner(_: &Placed) {}

    let named = melange::subscribers![receipt, inner];
    let builder = melange::EventBus::builder().subscribers(named).linked().state(Mailer).subscriber(Ledger).subscriber(Counter);
    builder.subscriber(ByHand).build().unwrap();
    let registry = melange::Registry::linked().unwrap();
    let names: Vec<_> = registry.subscribers().map(|subscriber| subscriber.name()).collect();
    for name in ["receipts", "sync", "label", "match", "audit", "Ledger::placed", "Ledger::cancelled", "Counter", "inner"] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    let receipts = registry.subscribers().find(|subscriber| subscriber.name() == "receipts").unwrap();
    assert_eq!((receipts.queue(), receipts.options().retry.attempts), (Some("billing"), 3));
    assert_eq!(receipts.options().timeout, Some(std::time::Duration::from_secs(90)));
}
