//! Subscribers that `macro_rules!` makes, whole and in parts.
#![forbid(unsafe_code)]
#![deny(missing_docs, warnings)]

/// An event.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders")]
pub struct Placed {}

/// Another.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders")]
pub struct Cancelled {}

macro_rules! on_type {
    ($name:ident, $event:ty) => {
        #[melange::subscriber(listens_to = $event)]
        async fn $name(event: &$event, meta: &melange::Metadata) {
            let _ = (event, meta);
        }
    };
}

on_type!(by_type, Placed);
on_type!(by_longer_type, crate::Cancelled);

macro_rules! on_path {
    ($name:ident, $event:path, $queue:literal, $concurrency:expr, $timeout:expr) => {
        #[melange::subscriber(listens_to = $event, queue = $queue, concurrency = $concurrency, timeout = $timeout)]
        async fn $name(event: &$event) {
            let _ = event;
        }
    };
}

on_path!(by_path, self::Placed, "paths", 3, "1s");

macro_rules! on_all {
    ($name:ident: $($event:ty),*) => {
        #[melange::subscriber(listens_to = [$($event),*])]
        async fn $name(meta: &melange::Metadata) {
            let _ = meta;
        }
    };
}

on_all!(by_list: Placed, crate::Cancelled);

macro_rules! whole {
    ($item:item) => {
        #[melange::subscriber]
        $item
    };
}

/// A value.
#[derive(Debug)]
pub struct Ledger;

whole! {
    impl Ledger {
        #[listens_to]
        async fn placed(&self, order: &Placed) {
            let _ = order;
        }
    }
}

macro_rules! value {
    ($name:ident, $event:ident) => {
        /// A value.
        #[derive(Debug)]
        pub struct $name;

        #[melange::subscriber(listens_to = $event)]
        impl $name {
            async fn process(&self, event: &$event) {
                let _ = event;
            }
        }
    };
}

value!(Counter, Cancelled);

macro_rules! handlers {
    ($name:ident, $($method:ident: $event:ty),*) => {
        /// A value.
        #[derive(Debug)]
        pub struct $name;

        #[melange::subscriber]
        impl $name {
            $(
                #[listens_to]
                async fn $method(&self, event: &$event) {
                    let _ = event;
                }
            )*
        }
    };
}

handlers!(Many, placed: Placed, cancelled: crate::Cancelled);

macro_rules! alone {
    () => {
        #[melange::subscriber(listens_to = Placed)]
        async fn inside(event: &Placed) {
            let _ = event;
        }
    };
}

alone!();

fn main() {
    let registry = melange::Registry::linked().unwrap();
    let mut names: Vec<_> = registry.subscribers().map(|subscriber| subscriber.name()).collect();
    names.sort_unstable();
    let functions = ["by_list", "by_list", "by_longer_type", "by_path", "by_type", "inside"];
    assert_eq!(names[..4], ["Counter", "Ledger::placed", "Many::cancelled", "Many::placed"]);
    assert_eq!(names[4..], functions);
    let by_path = registry.subscribers().find(|subscriber| subscriber.name() == "by_path").unwrap();
    assert_eq!((by_path.queue(), by_path.options().concurrency), (Some("paths"), Some(3)));
}
