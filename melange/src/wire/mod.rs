//! Bodies on the wire: writing them, and reading all that Melange, Python melange and CloudEvents producers write.

pub(crate) mod flat;
mod head;
mod header;
mod moment;
mod reader;
mod writer;

pub use header::Format;
#[cfg(feature = "schema")]
pub(crate) use header::{DATA, ID, OCCURRED_ON, TOPIC, TYPE, VERSION};
pub(crate) use reader::{Incoming, Unreadable, read, read_head};
pub(crate) use writer::{WriteError, write};
