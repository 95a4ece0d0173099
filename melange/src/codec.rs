//! How an event becomes JSON and back, without knowing its envelope.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Timestamp;
use crate::event::{Erased, Event};
use crate::shape::{BothWays, Traced};
use crate::wire::{Flat, Walk, event_beside};

/// How an event is written and read: function pointers, so that a descriptor can be a constant.
#[derive(Clone, Copy)]
pub struct Codec {
    layout: Layout,
    encode: fn(&dyn Any, &mut Vec<u8>) -> serde_json::Result<()>,
    decode: fn(Source<'_, '_>) -> serde_json::Result<Erased>,
    traced: Traced,
    both_ways: BothWays,
}

/// Where an event's own fields stand in the default body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Beside the envelope's: the event is a JSON object.
    Flat {
        /// The envelope's names that are also fields of the event, by permission (`topic`, `occurred_on`).
        own: &'static [&'static str],
        /// Whether the event's keys are known only when it is written (`#[serde(flatten)]`).
        open: bool,
    },
    /// Under `data`: tuple structs, enums, and what serde writes by way of another type.
    Data,
}

/// The JSON an event is read from.
#[derive(Debug)]
pub(crate) enum Source<'a, 'w> {
    /// An object that holds the envelope too, which has been read.
    Flat {
        body: &'a str,
        own: &'static [&'static str],
        /// The moment, whatever form the body has it in.
        occurred_on: Timestamp,
    },
    /// The same, whose envelope is read in the same walk.
    Walk { body: &'a str, layout: Layout, walk: &'a mut Walk<'w> },
    /// The event alone.
    Alone(&'a str),
}

impl Codec {
    /// JSON by serde, with the fields laid out like this.
    #[must_use]
    pub const fn json<E: Event + WireEvent>(layout: Layout) -> Self {
        Self {
            layout,
            encode: encode::<E>,
            decode: decode::<E>,
            traced: Traced::of::<E>(),
            both_ways: BothWays::of::<E>(),
        }
    }

    pub(crate) fn layout(&self) -> Layout {
        self.layout
    }

    /// The way to what its serde reads.
    pub(crate) fn traced(&self) -> Traced {
        self.traced
    }

    /// Whether it reads what it writes.
    pub(crate) fn both_ways(&self) -> BothWays {
        self.both_ways
    }

    /// Appends the event alone, as JSON. An event of another type is refused.
    pub(crate) fn encode(&self, event: &dyn Any, to: &mut Vec<u8>) -> serde_json::Result<()> {
        (self.encode)(event, to)
    }

    pub(crate) fn decode(&self, source: Source<'_, '_>) -> serde_json::Result<Erased> {
        (self.decode)(source)
    }
}

impl fmt::Debug for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Codec").field("layout", &self.layout).finish_non_exhaustive()
    }
}

fn encode<E: Event + Serialize>(event: &dyn Any, to: &mut Vec<u8>) -> serde_json::Result<()> {
    match event.downcast_ref::<E>() {
        Some(event) => serde_json::to_writer(to, event),
        None => Err(serde::ser::Error::custom("an event of another type")),
    }
}

fn decode<E: Event + DeserializeOwned>(source: Source<'_, '_>) -> serde_json::Result<Erased> {
    let body = match &source {
        Source::Flat { body, .. } | Source::Walk { body, .. } | Source::Alone(body) => *body,
    };
    let mut json = serde_json::Deserializer::from_str(body);
    let event = match source {
        Source::Flat { own, occurred_on, .. } => E::deserialize(Flat::new(&mut json, own, occurred_on))?,
        Source::Walk { layout: Layout::Flat { own, .. }, walk, .. } => {
            E::deserialize(Flat::walking(&mut json, own, walk))?
        }
        Source::Walk { layout: Layout::Data, walk, .. } => event_beside(&mut json, walk)?,
        Source::Alone(_) => E::deserialize(&mut json)?,
    };
    json.end()?;
    Ok(Arc::new(event))
}

/// What an event needs to leave the process, in one word: so that one missing derive is one error.
#[diagnostic::on_unimplemented(
    message = "`{Self}` must implement serde's `Serialize` and `Deserialize` to leave the process",
    label = "cannot be written and read as JSON",
    note = "add `#[derive(serde::Serialize, serde::Deserialize)]`, or `#[event(local)]` if it stays in the process"
)]
pub trait WireEvent: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> WireEvent for T {}
