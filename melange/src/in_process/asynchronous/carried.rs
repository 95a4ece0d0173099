//! An event in a queue, which holds events of all types.

use std::any::Any;
use std::sync::Arc;

use super::runner::{self, Runner};
use crate::event::{Event, EventDescriptor};
use crate::in_process::entry::Entry;

/// An event that still knows its type.
pub(super) trait Carried: Any + Send + Sync {
    fn descriptor(&self) -> &'static EventDescriptor;

    /// What runs these for one worker, which are its subscribers, if they ask for nothing but the event.
    fn runner(&self, entries: &[Arc<Entry>]) -> Option<Box<dyn Runner>>;
}

impl<E: Event> Carried for E {
    fn descriptor(&self) -> &'static EventDescriptor {
        E::DESCRIPTOR
    }

    fn runner(&self, entries: &[Arc<Entry>]) -> Option<Box<dyn Runner>> {
        runner::runner::<E>(entries)
    }
}
