//! The faults that are still to come, and the moments at which they may.

use super::{Fault, What};

/// A moment at which something may go wrong.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Moment<'a> {
    pub(crate) queue: Option<&'a str>,
    /// The event's name on the wire.
    pub(crate) event: Option<&'a str>,
    pub(crate) subscriber: Option<&'a str>,
}

impl Moment<'_> {
    /// In the words of the journal.
    pub(crate) fn words(&self) -> String {
        let event = self.event.map(|event| format!(" of {event}")).unwrap_or_default();
        let queue = self.queue.map(|queue| format!(" on queue `{queue}`")).unwrap_or_default();
        let subscriber = self.subscriber.map(|subscriber| format!(" in `{subscriber}`")).unwrap_or_default();
        [event, queue, subscriber].concat()
    }
}

/// The faults that are still to come.
#[derive(Default)]
pub(crate) struct Plan(Vec<Fault>);

impl Plan {
    pub(crate) fn add(&mut self, fault: Fault) {
        if fault.times > 0 {
            self.0.push(fault);
        }
    }

    /// Whether this goes wrong now.
    pub(crate) fn take(&mut self, what: What, moment: &Moment<'_>) -> bool {
        let mut taken = None;
        for (index, fault) in self.0.iter_mut().enumerate().filter(|(_, fault)| fault.is_for(what, moment)) {
            if fault.skip > 0 {
                fault.skip -= 1;
            } else if taken.is_none() {
                fault.times -= 1;
                taken = Some((index, fault.times));
            }
        }
        if let Some((index, 0)) = taken {
            drop(self.0.remove(index));
        }
        taken.is_some()
    }

    pub(crate) fn to_come(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter()
    }

    pub(crate) fn left(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }
}
