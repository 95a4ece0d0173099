//! Events that `macro_rules!` makes, whole and in parts.
#![forbid(unsafe_code)]
#![deny(missing_docs, warnings)]

macro_rules! event {
    ($(#[$meta:meta])* $vis:vis struct $name:ident on $topic:literal { $($(#[$mark:meta])* $field:ident: $ty:ty),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, serde::Serialize, serde::Deserialize, melange::Event)]
        #[event(topic = $topic)]
        $vis struct $name {
            $($(#[$mark])* pub $field: $ty),*
        }
    };
}

event! {
    /// Placed.
    pub struct Placed on "orders" {
        /// Key.
        #[event(key)]
        id: String,
        /// Attribute.
        #[event(attribute)]
        count: Option<u8>,
    }
}

macro_rules! newer {
    ($name:ident, $topic:expr, $version:expr, $old:ty) => {
        /// The newer one.
        #[derive(Debug, serde::Serialize, serde::Deserialize, melange::Event)]
        #[event(topic = $topic, version = $version, name = "Placed", upcast_from = [$old])]
        pub struct $name;

        impl From<$old> for $name {
            fn from(_: $old) -> Self {
                Self
            }
        }
    };
}

newer!(PlacedAgain, "orders", 2, Placed);

// The fields come from outside, the derive from inside: their `self` is not the same.
macro_rules! local {
    ($(#[$meta:meta])* $vis:vis struct $name:ident $body:tt) => {
        $(#[$meta])*
        #[derive(Debug, melange::Event)]
        #[event(local)]
        $vis struct $name $body
    };
}

local! {
    /// Ticked.
    pub struct Ticked {
        /// Key.
        #[event(key, dedup_id, attribute)]
        pub count: u8,
    }
}

fn main() {
    use melange::Event;

    let ticked = Ticked { count: 3 };
    let route = ticked.route();
    assert_eq!((route.key.as_deref(), route.dedup_id.as_deref(), route.attributes.len()), (Some("3"), Some("3"), 1));
    assert_eq!(PlacedAgain::DESCRIPTOR.upcasts().len(), 1);
}
