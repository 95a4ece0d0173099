//! Every rule of the start: what can be said of events and subscribers before any message.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, HashSet};

use crate::attributes::{MAX_ATTRIBUTES, OWN_ATTRIBUTES};
use crate::error::build::{Problem, ProblemKind};
use crate::event::EventDescriptor;
use crate::extract::Needs;
use crate::subscriber::SubscriberDescriptor;
use crate::type_map::TypeMap;

type Events = [&'static EventDescriptor];

/// Two events with one name and version.
pub(crate) fn duplicates(events: &Events) -> Vec<Problem> {
    // In order, as a registry has them, two of one name are neighbours.
    let name = |event: &EventDescriptor| (event.name(), event.version());
    if events.is_sorted_by(|a, b| name(a) < name(b)) {
        return Vec::new();
    }
    let mut seen: HashMap<(&str, u32), &EventDescriptor> = HashMap::with_capacity(events.len());
    let mut problems = Vec::new();
    for event in events {
        match seen.entry((event.name(), event.version())) {
            Entry::Occupied(first) if !first.get().is_same_type(event) => problems.push(
                Problem::new(
                    ProblemKind::DuplicateEvent,
                    format!(
                        "two events are called {event}: `{}`, and `{}` at {}",
                        event.type_name(),
                        first.get().type_name(),
                        first.get().location()
                    ),
                    "give one of them `#[event(name = \"...\")]`, or another `version` if it is the same event",
                )
                .at(event.location()),
            ),
            Entry::Occupied(_) => {}
            Entry::Vacant(first) => {
                first.insert(event);
            }
        }
    }
    problems
}

/// Everything about events alone.
pub(crate) fn events(events: &Events) -> Vec<Problem> {
    let mut problems = Vec::new();
    let (mut last, mut in_order) = (None, true);
    let mut have_aliases = false;
    for event in events {
        let this = Some((event.name(), event.version()));
        in_order &= last < this;
        last = this;
        have_aliases |= !event.aliases().is_empty();
        if !event.upcasts().is_empty() {
            problems.extend(upcasts(event));
        }
        problems.extend(shape(event));
    }
    if !in_order {
        problems.extend(duplicates(events));
    }
    if have_aliases {
        problems.extend(aliases(events));
    }
    problems
}

fn aliases(events: &Events) -> Vec<Problem> {
    let mut problems = Vec::new();
    // Who has an alias, by its name or an alias of its own.
    let mut named: HashMap<&str, Vec<&EventDescriptor>> =
        events.iter().flat_map(|event| event.aliases()).map(|alias| (*alias, Vec::new())).collect();
    for (event, name) in events.iter().flat_map(|event| event.names().map(move |name| (event, name))) {
        if let Some(known) = named.get_mut(name) {
            known.push(event);
        }
    }
    for event in events {
        for alias in event.aliases() {
            // Versions of one event share their names, old ones too.
            let others = named.get(alias).map(Vec::as_slice).unwrap_or_default();
            let other =
                others.iter().find(|other| other.name() != event.name() && !are_versions_of_one_event(event, other));
            if let Some(other) = other {
                problems.push(
                    Problem::new(
                        ProblemKind::AliasCollision,
                        format!(
                            "{event} has the alias \"{alias}\", which is also a name of {other} at {}",
                            other.location()
                        ),
                        "drop the alias, or rename the other event: a message of that name could be either",
                    )
                    .at(event.location()),
                );
            }
        }
    }
    problems
}

fn are_versions_of_one_event(a: &EventDescriptor, b: &EventDescriptor) -> bool {
    let comes_from = |new: &EventDescriptor, old| new.ancestors().iter().any(|known| known.is_same_type(old));
    a.is_same_type(b) || comes_from(a, b) || comes_from(b, a)
}

fn upcasts(event: &'static EventDescriptor) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut problem = |what: String, fix: &str| {
        problems.push(Problem::new(ProblemKind::UpcastGap, what, fix).at(event.location()));
    };
    for old in event.upcasts() {
        let old = old.from();
        if old.version() >= event.version() {
            problem(
                format!("{event} is made from {old} (`{}`), which is not older", old.type_name()),
                "raise `version` on the newer event; `upcast_from` lists older versions only",
            );
        }
        if !old.names().any(|name| event.names().any(|known| known == name)) {
            problem(
                format!("{event} is made from {old} (`{}`), which has another name", old.type_name()),
                "give the older event `#[event(name = \"...\")]` as the newer one has it, or list its name as an `alias`",
            );
        }
    }
    let reachable: BTreeSet<u32> = event.ancestors().iter().map(|old| old.version()).collect();
    if let Some(oldest) = reachable.first() {
        let missing: Vec<String> = (*oldest..event.version())
            .filter(|version| !reachable.contains(version))
            .map(|v| format!("v{v}"))
            .collect();
        if !missing.is_empty() {
            problem(
                format!("{event} can be made from v{oldest} but not from {}", missing.join(", ")),
                "add the missing versions to `upcast_from`: messages of that version could not be read",
            );
        }
    }
    problems
}

fn shape(event: &'static EventDescriptor) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut problem =
        |kind, what: String, fix: String| problems.push(Problem::new(kind, what, fix).at(event.location()));
    if let Some(topic) = event.topic() {
        if topic.ends_with(".fifo") && !event.has_key() {
            problem(
                ProblemKind::FifoWithoutKey,
                format!("{event} is published to the FIFO topic \"{topic}\" but has no ordering key"),
                "mark the field that says what is to stay in order with `#[event(key)]`".to_owned(),
            );
        }
        let base = topic.strip_suffix(".fifo").unwrap_or(topic);
        if base.is_empty() || topic.len() > 256 || !base.bytes().all(is_name_byte) {
            problem(
                ProblemKind::IllegalName,
                format!("{event} has the topic \"{topic}\", which SNS would refuse"),
                "use 1 to 256 letters, digits, `-` and `_`, and `.fifo` at the end of a FIFO topic".to_owned(),
            );
        }
    }
    let attributes = event.attributes().len();
    if attributes + OWN_ATTRIBUTES > MAX_ATTRIBUTES {
        problem(
            ProblemKind::TooManyAttributes,
            format!(
                "{event} has {attributes} fields marked `attribute`; with Melange's own {OWN_ATTRIBUTES} that is more than the \
                 {MAX_ATTRIBUTES} a message may carry"
            ),
            format!(
                "keep at most {}: SNS drops a message with too many without a word",
                MAX_ATTRIBUTES - OWN_ATTRIBUTES
            ),
        );
    }
    problems
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// Subscribers of events that are not among these.
pub(crate) fn unregistered(events: &Events, subscribers: &[&'static SubscriberDescriptor]) -> Vec<Problem> {
    let known: TypeMap<()> = events.iter().map(|event| (event.type_id(), ())).collect();
    let unknown = subscribers.iter().filter(|subscriber| !known.contains_key(&subscriber.event().type_id()));
    let problem = |subscriber: &&'static SubscriberDescriptor| {
        let event = subscriber.event();
        let what = format!("listens to {event} (`{}`), which is not registered", event.type_name());
        let fix = "derive `Event` on it instead of implementing it by hand";
        problem_of(subscriber, ProblemKind::UnknownEvent, &what, fix)
    };
    unknown.map(problem).collect()
}

fn problem_of(subscriber: &SubscriberDescriptor, kind: ProblemKind, what: &str, fix: impl Into<String>) -> Problem {
    Problem::new(kind, format!("subscriber `{}` {what}", subscriber.name()), fix).at(subscriber.location())
}

/// Everything about subscribers that needs no bus, and `more` that each needs.
pub(crate) fn subscribers<'a>(
    subscribers: impl Iterator<Item = &'a SubscriberDescriptor> + Clone,
    more: impl Fn(&SubscriberDescriptor, &Needs) -> Vec<Problem>,
) -> Vec<Problem> {
    // Asked for by those alone that take one of several events.
    let mut listened = None;
    let mut problems = Vec::new();
    for subscriber in subscribers.clone() {
        let needs = subscriber.needs();
        problems.extend(more(subscriber, &needs));
        let mut problem = |kind, what: String, fix: String| problems.push(problem_of(subscriber, kind, &what, fix));
        for wanted in needs.events {
            let listened: &HashSet<_> =
                listened.get_or_insert_with(|| subscribers.clone().map(SubscriberDescriptor::identity).collect());
            if !listened.contains(&(subscriber.location(), subscriber.name(), wanted.type_id)) {
                problem(
                    ProblemKind::ImpossibleArgument,
                    format!("takes an `Option` of `{}`, which it does not listen to", wanted.type_name),
                    "add it to `listens_to`, or drop the argument: it would always be `None`".to_owned(),
                );
            }
        }
        let options = subscriber.options();
        if options.retry.attempts == 0 || options.concurrency == Some(0) {
            problem(
                ProblemKind::IllegalOption,
                "has zero attempts or zero concurrency, so it could never run".to_owned(),
                "give it at least 1".to_owned(),
            );
        }
        if let Some(queue) = subscriber.queue() {
            let base = queue.strip_suffix(".fifo").unwrap_or(queue);
            if base.is_empty() || queue.len() > 80 || !base.bytes().all(is_name_byte) {
                problem(
                    ProblemKind::IllegalName,
                    format!("consumes from the queue \"{queue}\", which SQS would refuse"),
                    "use 1 to 80 letters, digits, `-` and `_`, and `.fifo` at the end of a FIFO queue".to_owned(),
                );
            }
        }
    }
    problems
}

/// FIFO queues that would be fed by topics that keep no order. The other way round works, and loses the order.
pub(crate) fn fifo<'a>(
    subscribers: impl Iterator<Item = &'a SubscriberDescriptor>,
    own_queue: Option<&str>,
) -> Vec<Problem> {
    let mismatch = |subscriber: &SubscriberDescriptor| {
        let queue = subscriber.queue().or(own_queue).filter(|queue| queue.ends_with(".fifo"))?;
        let topic = subscriber.event().topic().filter(|topic| !topic.ends_with(".fifo"))?;
        let what = format!(
            "subscriber `{}` consumes {} from the FIFO queue \"{queue}\", and its topic \"{topic}\" is not FIFO: a FIFO queue is fed \
             by FIFO topics only",
            subscriber.name(),
            subscriber.event()
        );
        let fix =
            format!("publish the event to \"{topic}.fifo\" with an `#[event(key)]`, or take `.fifo` off the queue");
        Some(Problem::new(ProblemKind::FifoMismatch, what, fix).at(subscriber.location()))
    };
    subscribers.filter_map(mismatch).collect()
}

/// Crates that were named and are not among those that brought something.
pub(crate) fn silent(named: &[&'static str], brought: impl Fn(&str) -> bool) -> Vec<Problem> {
    let silent = named.iter().filter(|name| !brought(name));
    let problem = |name: &&str| {
        Problem::new(
            ProblemKind::SilentCrate,
            format!("the crate `{name}` was named in `crates![..]` but brought no event and no subscriber"),
            "look whether its modules are declared with `mod`, its features are on, and its items carry `#[derive(Event)]` or \
             `#[subscriber]`; otherwise drop it from the list",
        )
    };
    silent.map(problem).collect()
}
