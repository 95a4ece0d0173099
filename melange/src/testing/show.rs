//! Events in the words of a failed test: with what they hold, which is nobody's secret there.

use std::sync::Arc;

use crate::attributes::Attributes;
use crate::event::{Erased, EventDescriptor};
use crate::metadata::Metadata;
use crate::registry::versions::read_as;
use crate::transport::Body;
use crate::wire::read;

/// Longest text of one event.
const LONGEST: usize = 500;

/// `OrderPlaced {"order_id":"o-1","total_cents":4200}`.
pub(super) fn show(descriptor: &EventDescriptor, event: &Erased) -> String {
    let name = descriptor.name();
    let mut json = Vec::new();
    match descriptor.codec() {
        Some(codec) if codec.encode(event.as_ref(), &mut json).is_ok() => {
            let text = String::from_utf8_lossy(&json);
            if text == "null" {
                return name.to_owned();
            }
            match text.char_indices().nth(LONGEST) {
                Some((end, _)) => format!("{name} {}..", text.get(..end).unwrap_or_default()),
                None => format!("{name} {text}"),
            }
        }
        _ => name.to_owned(),
    }
}

/// The same of what was published.
pub(super) fn show_body(descriptor: &'static EventDescriptor, metadata: &Metadata, body: &Body) -> String {
    match event_of(descriptor, metadata, body) {
        Ok(event) => show(descriptor, &event),
        Err(why) => format!("{} (which cannot be read back: {why})", descriptor.name()),
    }
}

/// The event that was published.
///
/// # Errors
/// In words, why what was written cannot be read.
pub(super) fn event_of(
    descriptor: &'static EventDescriptor,
    metadata: &Metadata,
    body: &Body,
) -> Result<Erased, String> {
    match body {
        Body::Typed(event) => Ok(Arc::clone(event)),
        Body::Json(json) => {
            let incoming = read(json, &Attributes::new()).map_err(|why| why.to_string())?;
            let read = read_as(descriptor, &incoming, metadata.occurred_on);
            read.map(|(event, _)| event).map_err(|why| why.to_string())
        }
    }
}
