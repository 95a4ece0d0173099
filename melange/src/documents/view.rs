//! The program as the documents draw it: events, the topics they go to, the queues those feed, and who takes from these.

use std::collections::BTreeMap;

use super::Documents;
use crate::Location;
use crate::event::EventDescriptor;
use crate::subscriber::{SubscriberDescriptor, SubscriberOptions};
use crate::transport::{QueuePlan, QueueSetup};

/// Everything, in a stable order. Places are indices.
#[derive(Debug)]
pub(super) struct View {
    pub(super) events: Vec<EventView>,
    pub(super) topics: Vec<TopicView>,
    pub(super) queues: Vec<QueueView>,
    pub(super) subscribers: Vec<SubscriberView>,
}

#[derive(Debug)]
pub(super) struct EventView {
    pub(super) descriptor: &'static EventDescriptor,
    pub(super) topic: Option<usize>,
    /// Whether this program publishes it.
    pub(super) sent: bool,
    pub(super) subscribers: Vec<usize>,
    /// The versions of the same event, this one among them, oldest first.
    pub(super) versions: Vec<usize>,
}

#[derive(Debug)]
pub(super) struct TopicView {
    pub(super) name: String,
    pub(super) events: Vec<usize>,
    pub(super) queues: Vec<usize>,
}

#[derive(Debug)]
pub(super) struct QueueView {
    pub(super) name: String,
    pub(super) own: bool,
    pub(super) setup: QueueSetup,
    pub(super) topics: Vec<usize>,
    pub(super) subscribers: Vec<usize>,
}

/// A subscriber, with all it listens to.
#[derive(Debug)]
pub(super) struct SubscriberView {
    pub(super) name: &'static str,
    pub(super) location: Location,
    pub(super) options: SubscriberOptions,
    pub(super) kind: &'static str,
    /// `None` if nothing it listens to goes through a topic.
    pub(super) queue: Option<usize>,
    pub(super) events: Vec<usize>,
}

impl View {
    pub(super) fn of(documents: &Documents) -> Self {
        let topology = documents.topology();
        let names: Vec<String> = topology.topics.into_iter().collect();
        let topic_places: Places<'_> = names.iter().enumerate().map(|(place, name)| (name.as_str(), place)).collect();
        let plans = topology.queues.iter().enumerate();
        let queue_places: Places<'_> = plans.map(|(place, plan)| (plan.name.as_str(), place)).collect();

        let mut events = events(documents, &topic_places);
        let subscribers = subscribers(documents, &queue_places, &mut events);
        let queues = queues(documents, &topology.queues, &topic_places, &subscribers);
        let topics = topics(names, &events, &queues);
        Self { events, topics, queues, subscribers }
    }

    /// What leads where, from events to subscribers: each by its letter and place, as in `e0`, and whether it is sent. An older
    /// version is only read.
    pub(super) fn edges(&self) -> Vec<(String, String, bool)> {
        let mut edges = Vec::new();
        for (at, event) in self.events.iter().enumerate() {
            match event.topic {
                Some(topic) => edges.push((format!("e{at}"), format!("t{topic}"), event.sent)),
                // In process there is nothing between an event and its subscribers.
                None => edges.extend(event.subscribers.iter().map(|to| (format!("e{at}"), format!("s{to}"), true))),
            }
        }
        for (at, topic) in self.topics.iter().enumerate() {
            edges.extend(topic.queues.iter().map(|queue| (format!("t{at}"), format!("q{queue}"), true)));
        }
        for (at, queue) in self.queues.iter().enumerate() {
            edges.extend(queue.subscribers.iter().map(|to| (format!("q{at}"), format!("s{to}"), true)));
        }
        edges
    }

    pub(super) fn event(&self, place: usize) -> Option<&EventView> {
        self.events.get(place)
    }

    /// Those of `places` that are there, each with its place.
    pub(super) fn events_at<'a>(&'a self, places: &'a [usize]) -> impl Iterator<Item = (usize, &'a EventView)> {
        places.iter().filter_map(|place| Some((*place, self.events.get(*place)?)))
    }

    pub(super) fn topics_at<'a>(&'a self, places: &'a [usize]) -> impl Iterator<Item = (usize, &'a TopicView)> {
        places.iter().filter_map(|place| Some((*place, self.topics.get(*place)?)))
    }

    pub(super) fn queues_at<'a>(&'a self, places: &'a [usize]) -> impl Iterator<Item = (usize, &'a QueueView)> {
        places.iter().filter_map(|place| Some((*place, self.queues.get(*place)?)))
    }

    pub(super) fn subscribers_at<'a>(
        &'a self,
        places: &'a [usize],
    ) -> impl Iterator<Item = (usize, &'a SubscriberView)> {
        places.iter().filter_map(|place| Some((*place, self.subscribers.get(*place)?)))
    }
}

/// By name.
type Places<'a> = BTreeMap<&'a str, usize>;

/// The events, which do not know yet who listens to them.
fn events(documents: &Documents, topics: &Places<'_>) -> Vec<EventView> {
    let view = |(place, descriptor): (usize, &&'static EventDescriptor)| EventView {
        descriptor,
        topic: descriptor.topic().and_then(|topic| topics.get(topic).copied()),
        sent: documents.sent.contains(&place) && !descriptor.is_local(),
        subscribers: Vec::new(),
        versions: Vec::new(),
    };
    let mut events: Vec<EventView> = documents.events.iter().enumerate().map(view).collect();
    versions(&mut events);
    events
}

/// The subscribers, of which `events` are told. One that listens to several events is one.
fn subscribers(documents: &Documents, queues: &Places<'_>, events: &mut [EventView]) -> Vec<SubscriberView> {
    let mut subscribers: Vec<SubscriberView> = Vec::new();
    let mut known: BTreeMap<(Location, &str, &str), usize> = BTreeMap::new();
    let place_of = |event: &EventDescriptor| documents.events.iter().position(|known| known.is_same_type(event));
    let mut sorted: Vec<&SubscriberDescriptor> = documents.subscribers.iter().collect();
    sorted.sort_by_key(|it| (it.location(), it.name(), it.event().name(), it.event().version()));
    for subscriber in sorted {
        let queue = subscriber.queue().unwrap_or(&documents.own_queue);
        let (Some(event), Some(&queue_at)) = (place_of(subscriber.event()), queues.get(queue)) else {
            continue;
        };
        let next = subscribers.len();
        let place = *known.entry((subscriber.location(), subscriber.name(), queue)).or_insert(next);
        if place == next {
            subscribers.push(SubscriberView {
                name: subscriber.name(),
                location: subscriber.location(),
                options: *subscriber.options(),
                kind: kind(subscriber),
                queue: None,
                events: Vec::new(),
            });
        }
        if let Some(known) = subscribers.get_mut(place)
            && !known.events.contains(&event)
        {
            known.events.push(event);
            if subscriber.event().topic().is_some() {
                known.queue = Some(queue_at);
            }
        }
        if let Some(event) = events.get_mut(event)
            && !event.subscribers.contains(&place)
        {
            event.subscribers.push(place);
        }
    }
    subscribers
}

fn queues(
    documents: &Documents,
    plans: &[QueuePlan],
    topics: &Places<'_>,
    subscribers: &[SubscriberView],
) -> Vec<QueueView> {
    let view = |plan: &QueuePlan| QueueView {
        name: plan.name.clone(),
        own: plan.name == documents.own_queue,
        setup: documents.queue_setup(plan),
        topics: plan.topics.iter().filter_map(|it| topics.get(it.topic.as_str()).copied()).collect(),
        subscribers: Vec::new(),
    };
    let mut queues: Vec<QueueView> = plans.iter().map(view).collect();
    for (place, subscriber) in subscribers.iter().enumerate() {
        if let Some(queue) = subscriber.queue.and_then(|queue| queues.get_mut(queue)) {
            queue.subscribers.push(place);
        }
    }
    queues
}

fn topics(names: Vec<String>, events: &[EventView], queues: &[QueueView]) -> Vec<TopicView> {
    let view = |name| TopicView { name, events: Vec::new(), queues: Vec::new() };
    let mut topics: Vec<TopicView> = names.into_iter().map(view).collect();
    for (place, event) in events.iter().enumerate() {
        if let Some(topic) = event.topic.and_then(|topic| topics.get_mut(topic)) {
            topic.events.push(place);
        }
    }
    for (place, queue) in queues.iter().enumerate() {
        for topic in &queue.topics {
            if let Some(topic) = topics.get_mut(*topic) {
                topic.queues.push(place);
            }
        }
    }
    topics
}

/// Tells each event which others are versions of it.
fn versions(events: &mut [EventView]) {
    let places: BTreeMap<usize, Vec<usize>> = {
        let related = |a: &EventDescriptor, b: &EventDescriptor| {
            a.name() == b.name()
                || a.ancestors().iter().any(|old| old.is_same_type(b))
                || b.ancestors().iter().any(|old| old.is_same_type(a))
        };
        // By name first: with a thousand events, not every pair is to be looked at closely.
        let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (place, event) in events.iter().enumerate() {
            by_name.entry(event.descriptor.name()).or_default().push(place);
        }
        let family = |place: usize, event: &EventView| -> Vec<usize> {
            let mut family: Vec<usize> = by_name.get(event.descriptor.name()).cloned().unwrap_or_default();
            for (other, with_upcasts) in events.iter().enumerate() {
                let may_be = !with_upcasts.descriptor.upcasts().is_empty() || !event.descriptor.upcasts().is_empty();
                if other != place && may_be && related(event.descriptor, with_upcasts.descriptor) {
                    family.push(other);
                }
            }
            family.sort_by_key(|at| (events.get(*at).map(|it| it.descriptor.version()), *at));
            family.dedup();
            family
        };
        events.iter().enumerate().map(|(place, event)| (place, family(place, event))).collect()
    };
    for (place, family) in places {
        if let Some(event) = events.get_mut(place) {
            event.versions = family;
        }
    }
}

fn kind(subscriber: &SubscriberDescriptor) -> &'static str {
    match (subscriber.is_async(), subscriber.is_blocking()) {
        (true, _) => "async",
        (false, true) => "blocking",
        (false, false) => "sync",
    }
}
