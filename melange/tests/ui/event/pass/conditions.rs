//! `#[cfg]` and `#[cfg_attr]` on events and their fields.
#![forbid(unsafe_code)]
#![deny(missing_docs, warnings)]

use melange::Event;

/// With and without fields.
#[derive(Debug, serde::Serialize, serde::Deserialize, Event)]
#[cfg_attr(all(), event(topic = "orders"))]
#[cfg_attr(any(), event(version = 9))]
pub struct Placed {
    /// Not there.
    #[cfg(any())]
    #[event(key)]
    pub nothing: Nothing,
    /// There.
    #[cfg(all())]
    #[event(key)]
    pub id: u8,
    /// An attribute.
    #[cfg_attr(all(), event(attribute))]
    pub country: String,
}

/// Not there.
#[cfg(any())]
#[derive(Debug, serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Nothing {}

/// Old, but still an event.
#[deprecated(note = "use `Placed`")]
#[derive(Debug, Event)]
#[event(local)]
#[must_use]
#[non_exhaustive]
pub struct Old {
    /// Older still.
    #[deprecated]
    #[event(key)]
    pub id: u8,
}

fn main() {
    let placed = Placed::DESCRIPTOR;
    assert_eq!((placed.version(), placed.has_key(), placed.attributes()), (1, true, &["country"][..]));
}
