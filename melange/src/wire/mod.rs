//! Bodies on the wire: writing them, and reading all that Melange, Python melange and CloudEvents producers write.

mod begin;
mod beside;
mod flat;
mod head;
mod header;
mod incoming;
mod moment;
mod reader;
mod text;
mod topic;
mod usual;
mod walk;
mod writer;

pub(crate) use begin::begin;
pub(crate) use beside::event_beside;
pub(crate) use flat::Flat;
pub use header::Format;
#[cfg(feature = "schema")]
pub(crate) use header::{DATA, ID, OCCURRED_ON, TOPIC, TYPE, VERSION};
pub(crate) use incoming::{Header, Incoming, Unreadable};
pub(crate) use reader::read;
pub(crate) use walk::Walk;
pub(crate) use writer::{WriteError, write};
