//! Every form of an event, where the names of the standard library are taken and warnings are errors.
#![forbid(unsafe_code)]
#![deny(missing_docs, warnings)]

/// Events.
#[allow(dead_code, non_camel_case_types, clippy::all)]
pub mod events {
    use melange::Event;

    /// Taken names.
    pub struct Option;
    /// Taken names.
    pub struct Result;
    /// Taken names.
    pub struct Box;
    /// Taken names.
    pub struct Vec;
    /// Taken names.
    pub mod core {}
    /// Taken names.
    pub mod std {}

    /// A struct.
    #[derive(Debug, Clone, serde::Serialize, serde::Deserialize, Event)]
    #[event(topic = "orders.fifo", name = "orders.placed", version = 2, alias = ["Placed"], upcast_from = [PlacedV1])]
    pub struct OrderPlaced {
        /// Key.
        #[event(key)]
        pub order_id: ::std::string::String,
        /// Deduplication.
        #[event(dedup_id)]
        pub request: u64,
        /// Also an attribute.
        #[event(attribute)]
        pub country: ::std::string::String,
        /// Its own topic.
        #[event(topic)]
        pub topic: ::std::string::String,
        /// When.
        #[event(occurred_on)]
        pub occurred_on: melange::Timestamp,
        /// Raw.
        pub r#type: u8,
    }

    /// The older one.
    #[derive(serde::Serialize, serde::Deserialize, Event)]
    #[event(topic = "orders.fifo", name = "orders.placed")]
    pub struct PlacedV1 {
        /// Key.
        #[event(key)]
        pub order_id: ::std::string::String,
    }

    impl ::std::convert::From<PlacedV1> for OrderPlaced {
        fn from(old: PlacedV1) -> Self {
            let at = melange::Timestamp::now();
            Self { order_id: old.order_id, request: 0, country: ::std::default::Default::default(), topic: "orders.fifo".into(), occurred_on: at, r#type: 0 }
        }
    }

    /// A tuple struct.
    #[derive(serde::Serialize, serde::Deserialize, Event)]
    #[event(topic = "users")]
    pub struct UserChanged(#[event(key)] pub u64, pub ::std::string::String);

    /// A unit struct.
    #[derive(serde::Serialize, serde::Deserialize, Event)]
    #[event(topic = "clock")]
    pub struct Ticked;

    /// An enum.
    #[derive(serde::Serialize, serde::Deserialize, Event)]
    #[event(topic = "lights")]
    pub enum Light {
        /// On.
        On,
        /// Off.
        Dimmed {
            /// How far.
            to: u8,
        },
    }

    /// Local: needs no serde.
    #[derive(Event)]
    #[event(local)]
    pub struct Local(pub ::std::sync::mpsc::SyncSender<u8>);

    /// Local, on a topic that does not leave the process either.
    #[derive(Event)]
    #[event(local, topic = "local")]
    pub struct LocalOnTopic;

    /// Strict, but not flat.
    #[derive(serde::Serialize, serde::Deserialize, Event)]
    #[event(topic = "users")]
    #[serde(deny_unknown_fields)]
    pub enum Strict {
        /// One.
        One,
    }
}

fn main() {
    use melange::Event;

    /// Inside a function.
    #[derive(serde::Serialize, serde::Deserialize, Event)]
    #[event(topic = "inner")]
    struct Inner {
        x: u8,
    }
    let inner = Inner { x: 1 };
    assert_eq!((inner.x, Inner::DESCRIPTOR.name(), Inner::DESCRIPTOR.topic()), (1, "Inner", Some("inner")));
    let placed = events::OrderPlaced::DESCRIPTOR;
    assert_eq!((placed.name(), placed.version(), placed.has_key()), ("orders.placed", 2, true));
    let names: std::collections::BTreeSet<_> = melange::Registry::linked().unwrap().events().map(|event| event.name()).collect();
    assert!(["Inner", "Light", "Local", "Strict", "Ticked", "UserChanged", "orders.placed"].iter().all(|name| names.contains(name)), "{names:?}");
}
