//! Events that are not to be published any more.

use std::any::TypeId;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use crate::event::EventDescriptor;

/// What `#[event(deprecated)]` says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deprecation {
    pub(crate) instead: Option<&'static str>,
}

/// The types whose deprecation was said in this process.
static SAID: Mutex<BTreeSet<TypeId>> = Mutex::new(BTreeSet::new());

/// Warns that a deprecated event is published, once for each type and process. Costs nothing for other events.
#[inline]
pub(crate) fn warn_once(event: &'static EventDescriptor) {
    if event.is_deprecated() {
        warn(event);
    }
}

#[cold]
fn warn(event: &'static EventDescriptor) {
    let is_first = SAID.lock().unwrap_or_else(PoisonError::into_inner).insert(event.type_id());
    if is_first {
        let instead = event.deprecation_note().unwrap_or("publish what takes its place");
        tracing::warn!(
            event = event.name(),
            version = event.version(),
            type_name = event.type_name(),
            declared_at = %event.location(),
            "a deprecated event is published: {instead}"
        );
    }
}
