//! A document could not be made.

use std::error::Error;
use std::fmt;

use crate::event::EventDescriptor;
use crate::{Location, SerializeError};

/// A document could not be made.
#[derive(Debug)]
pub struct DocumentError {
    event: String,
    at: Location,
    why: Box<dyn Error + Send + Sync>,
}

impl DocumentError {
    pub(super) fn example(event: &EventDescriptor, why: SerializeError) -> Self {
        Self { event: event.to_string(), at: event.location(), why: why.into() }
    }

    pub(super) fn unreadable(event: &EventDescriptor, why: serde_json::Error) -> Self {
        Self { event: event.to_string(), at: event.location(), why: why.into() }
    }

    /// Where the event is declared whose example cannot be written.
    #[must_use]
    pub fn location(&self) -> Location {
        self.at
    }
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: an example of {} cannot be written as a message; change its `#[event(example = ..)]` to a value that can be \
             published",
            self.at, self.event
        )
    }
}

impl Error for DocumentError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.why)
    }
}
