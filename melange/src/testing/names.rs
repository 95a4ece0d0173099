//! The names that a test says of subscribers and queues: a slip of the hand would never be found, and a `never` would always be so.

use std::collections::BTreeSet;

use super::is_called;
use crate::event::EventDescriptor;
use crate::near::near;
use crate::subscriber::SubscriberDescriptor;

/// A subscriber, and what it listens to.
#[derive(Clone, Copy)]
pub(super) struct Listener {
    name: &'static str,
    event: &'static EventDescriptor,
}

impl Listener {
    pub(super) fn of(subscriber: &SubscriberDescriptor) -> Self {
        Self { name: subscriber.name(), event: subscriber.event() }
    }
}

/// Who listens on an account, and on which queues: all that were there at any time.
#[derive(Default)]
pub(super) struct Names {
    listeners: Vec<Listener>,
    queues: BTreeSet<String>,
}

impl Names {
    /// Of a bus that is about to start.
    pub(super) fn add(&mut self, listeners: Vec<Listener>, queues: &[String]) {
        for new in listeners {
            let is_same = |known: &Listener| known.name == new.name && known.event.is_same_type(new.event);
            if !self.listeners.iter().any(is_same) {
                self.listeners.push(new);
            }
        }
        self.queues.extend(queues.iter().cloned());
    }

    /// Whether no bus was started yet, so that nobody can be known.
    pub(super) fn is_empty(&self) -> bool {
        self.listeners.is_empty() && self.queues.is_empty()
    }

    /// Why `wanted` is no subscriber of `event`, or of any event if it does not matter which, with those there are.
    pub(super) fn no_subscriber(&self, event: Option<&EventDescriptor>, wanted: &str) -> Option<String> {
        no_listener(&self.listeners, event, wanted)
    }

    /// Why `wanted` is no queue that a bus consumes from, with those there are.
    pub(super) fn no_queue(&self, wanted: &str) -> Option<String> {
        if self.queues.contains(wanted) {
            return None;
        }
        let names: Vec<&str> = self.queues.iter().map(String::as_str).collect();
        Some(format!("no bus of this account consumes from a queue `{wanted}`{}", there_are(wanted, &names)))
    }
}

/// Why none of `listeners` is called `wanted` and listens to `event`, with those that are there.
pub(super) fn no_listener(listeners: &[Listener], event: Option<&EventDescriptor>, wanted: &str) -> Option<String> {
    let listens = |one: &&Listener| event.is_none_or(|event| is_of(one.event, event));
    if listeners.iter().filter(listens).any(|one| is_called(one.name, wanted)) {
        return None;
    }
    let mut names: Vec<&str> = listeners.iter().filter(listens).map(|one| one.name).collect();
    names.sort_unstable();
    names.dedup();
    let of = event.map(|event| format!(" of {}", event.name())).unwrap_or_default();
    let mut text = format!("no subscriber{of} is called `{wanted}`{}", there_are(wanted, &names));
    let mut others: Vec<&str> =
        listeners.iter().filter(|one| is_called(one.name, wanted)).map(|one| one.event.name()).collect();
    others.dedup();
    if !others.is_empty() {
        text.push_str(&format!("; one of that name listens to {}", others.join(", ")));
    }
    Some(text)
}

/// Of one type, or of two that are versions of one event: what one was published as, another may be read as.
fn is_of(one: &EventDescriptor, other: &EventDescriptor) -> bool {
    one.is_same_type(other) || one.family_names().any(|name| other.is_read_as(name))
}

/// The end of a sentence that nobody is called `wanted`: who is there, and who of them was meant.
fn there_are(wanted: &str, names: &[&str]) -> String {
    match names {
        [] => ": there is none at all".to_owned(),
        [one] => format!(": there is `{one}`"),
        several => {
            let meant = near(wanted, several.iter().copied()).map(|near| format!("; {near}")).unwrap_or_default();
            format!(": there are `{}`{meant}", several.join("`, `"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::there_are;

    #[test]
    fn those_there_are_are_named() {
        assert_eq!(there_are("a", &[]), ": there is none at all");
        assert_eq!(there_are("a", &["ship"]), ": there is `ship`");
        assert_eq!(there_are("shp", &["bill", "ship"]), ": there are `bill`, `ship`; did you mean `ship`?");
    }
}
