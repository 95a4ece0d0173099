//! Which event type reads which name and version on the wire.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use crate::Timestamp;
use crate::event::{Erased, EventDescriptor, Upcast};
use crate::wire::{Header, Incoming, Unreadable};

/// Who can read what: names to the event types that know them. Strangers may ask for any name, but none puts one in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Readers(FxHashMap<&'static str, Vec<&'static EventDescriptor>>);

/// What there is for a name and version.
#[derive(Debug)]
pub(crate) enum Reading<'a> {
    /// Nobody knows the name.
    UnknownName,
    /// The name is known; this version cannot be read by anyone.
    UnknownVersion { known: Vec<u32> },
    /// These types, newest version first.
    Into(Cow<'a, [&'static EventDescriptor]>),
}

impl Readers {
    /// For these; local events have no form on a wire, so a message of such a name is somebody else's.
    pub(crate) fn of(events: impl IntoIterator<Item = &'static EventDescriptor>) -> Self {
        let events = events.into_iter();
        let mut readers = Self(FxHashMap::with_capacity_and_hasher(events.size_hint().0, Default::default()));
        for event in events.filter(|event| !event.is_local()) {
            for name in event.family_names() {
                let known = readers.0.entry(name).or_default();
                if !known.iter().any(|other| other.is_same_type(event)) {
                    known.push(event);
                }
            }
        }
        for known in readers.0.values_mut() {
            known.sort_by_key(|event| std::cmp::Reverse(event.version()));
        }
        readers
    }

    /// Whether anyone knows the name.
    pub(crate) fn know(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A message without a version is of the oldest readable one where that is 1, else of the type's own.
    pub(crate) fn find(&self, name: &str, version: Option<u32>) -> Reading<'_> {
        let Some(known) = self.0.get(name) else {
            return Reading::UnknownName;
        };
        let is_able = |event: &&'static EventDescriptor| path(event, name, version.unwrap_or(1)).is_some();
        if known.iter().all(is_able) {
            return Reading::Into(Cow::Borrowed(known));
        }
        let able: Vec<_> = known.iter().copied().filter(is_able).collect();
        if !able.is_empty() {
            return Reading::Into(Cow::Owned(able));
        }
        match version {
            None => Reading::Into(Cow::Borrowed(known)),
            Some(_) => Reading::UnknownVersion { known: known.iter().map(|event| event.version()).collect() },
        }
    }
}

/// The steps from what is on the wire to `event`, the last one first; `Some(empty)` when it is `event` itself. `name` is one
/// of its names or of an older version's: they share them, so that one which the newest version lists as an alias also
/// names what was written before.
fn path(event: &'static EventDescriptor, name: &str, version: u32) -> Option<Vec<&'static Upcast>> {
    // As it mostly is.
    if event.version() == version && event.name() == name {
        return Some(Vec::new());
    }
    let is_of_version = |written: &EventDescriptor| written.version() == version;
    steps(event, &|written| is_of_version(written) && written.names().any(|known| known == name))
        .or_else(|| steps(event, &is_of_version))
}

fn steps(
    event: &'static EventDescriptor,
    is_written: &dyn Fn(&EventDescriptor) -> bool,
) -> Option<Vec<&'static Upcast>> {
    if is_written(event) {
        return Some(Vec::new());
    }
    event.older_steps().find_map(|old| {
        let mut steps = steps(old.from(), is_written)?;
        steps.insert(0, old);
        Some(steps)
    })
}

/// The version that it was written as, if it is read as an `event`: where it does not say, the first one, or the event's own
/// where the first cannot be read.
pub(crate) fn written_version(event: &'static EventDescriptor, header: &Header<'_>) -> u32 {
    let is_readable = |version| path(event, &header.name, version).is_some();
    header.version.unwrap_or_else(|| if is_readable(1) { 1 } else { event.version() })
}

/// Reads `incoming` as an `event`, by way of its older versions where it is one of those.
pub(crate) fn read_as<'a>(
    event: &'static EventDescriptor,
    incoming: &Incoming<'a>,
    occurred_on: Timestamp,
) -> Result<(Erased, Header<'a>), Unreadable> {
    let known = &incoming.header;
    let steps = steps_to(event, known);
    let written_as = steps.last().map_or(event, |oldest| oldest.from());
    let (mut read, header) = incoming.event(written_as, occurred_on)?;
    // A version that was found only now may be another one than was read.
    if header.version != known.version && !is_of(event, written_as, &header) {
        return Err(Unreadable::NotInPassing);
    }
    for step in steps.iter().rev() {
        read = step
            .apply(read)
            .map_err(|why| Unreadable::Event(format!("{event} could not be made from {}: {why}", step.from())))?;
    }
    Ok((read, header))
}

fn steps_to(event: &'static EventDescriptor, header: &Header<'_>) -> Vec<&'static Upcast> {
    path(event, &header.name, header.version.unwrap_or(1)).unwrap_or_default()
}

/// Whether an `event` of this header is written as a `written_as`.
fn is_of(event: &'static EventDescriptor, written_as: &EventDescriptor, header: &Header<'_>) -> bool {
    let steps = path(event, &header.name, header.version.unwrap_or(1));
    steps.is_some_and(|steps| steps.last().map_or(event, |oldest| oldest.from()).is_same_type(written_as))
}
