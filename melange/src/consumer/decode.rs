//! From a delivery to events and the subscribers that are to run for them.

use std::borrow::Cow;
use std::sync::Arc;

use super::noted::{Came, Noted, origin};
use super::queue::Queue;
use crate::EventId;
use crate::attributes::{EVENT_TYPE, SUBSCRIBER};
use crate::dispatch::contained;
use crate::event::{Erased, EventDescriptor};
use crate::metadata::Metadata;
use crate::registry::Reading;
use crate::registry::versions::read_as;
use crate::serializer::usual_or_own;
use crate::transport::{Body, Delivery, Inbound};
use crate::wire::{Incoming, Unreadable, begin, read};

/// What a delivery turned out to be.
pub(crate) enum Decoded<'q> {
    /// Events, each with the subscribers that are to run for it: one event, unless several versions of it are listened
    /// to.
    Events { name: Cow<'static, str>, first: Decodable<'q>, others: Vec<Decodable<'q>> },
    /// Nobody here listens to this name.
    Unknown { name: String },
    /// The name is known, this version of it is not yet.
    UnknownVersion { name: String, version: u32 },
    /// It can never be read, and why.
    Unreadable { name: Option<String>, why: String },
}

/// An event, and who runs for it by index.
pub(crate) struct Decodable<'q> {
    pub(crate) event: Erased,
    pub(crate) metadata: Noted<'q>,
    pub(crate) listeners: Cow<'q, [usize]>,
}

/// Decodes a delivery. A `Deserialize` impl may panic: then the event counts as unreadable.
pub(crate) fn decode<'q>(queue: &'q Queue, delivery: &'q Delivery) -> Decoded<'q> {
    contained(|| of_content(queue, delivery)).unwrap_or_else(|| {
        let why = "reading it panicked, in the `Deserialize` of its event or in an upcast: mend that, then redrive it";
        Decoded::Unreadable { name: None, why: why.to_owned() }
    })
}

fn of_content<'q>(queue: &'q Queue, delivery: &'q Delivery) -> Decoded<'q> {
    match &delivery.content {
        Err(why) => Decoded::Unreadable { name: None, why: why.to_string() },
        Ok(inbound) => match &inbound.body {
            Body::Json(json) => from_json(queue, delivery, inbound, json),
            Body::Typed(event) => from_typed(queue, delivery, inbound, event),
        },
    }
}

fn from_json<'q>(queue: &'q Queue, delivery: &'q Delivery, inbound: &'q Inbound, json: &'q str) -> Decoded<'q> {
    // First in one pass, which suffices for most. Anything else is read by the careful reader, which decides.
    if let Some(incoming) = begin(json, &inbound.attributes, |name| queue.readers.know(name)) {
        match from_incoming(queue, delivery, inbound, &incoming) {
            decoded @ Decoded::Events { .. } => return decoded,
            // Somebody else's event: whether its body is valid does not matter here.
            decoded @ Decoded::Unknown { .. } if incoming.says_its_name() => return decoded,
            _ => {}
        }
    }
    match read(json, &inbound.attributes) {
        Ok(incoming) => from_incoming(queue, delivery, inbound, &incoming),
        Err(why) => Decoded::Unreadable { name: None, why: why.to_string() },
    }
}

fn from_incoming<'q>(
    queue: &'q Queue,
    delivery: &'q Delivery,
    inbound: &'q Inbound,
    incoming: &Incoming<'q>,
) -> Decoded<'q> {
    let known = &incoming.header;
    let name = || known.name.clone().into_owned();
    let types = match queue.readers.find(&known.name, known.version) {
        Reading::UnknownName => return Decoded::Unknown { name: name() },
        Reading::UnknownVersion { .. } => {
            return Decoded::UnknownVersion { name: name(), version: known.version.unwrap_or(1) };
        }
        Reading::Into(types) => types,
    };
    let occurred_on = origin(delivery, inbound).occurred_on(known);
    let read = |event_type: &&'static EventDescriptor| {
        let (event, header) = read_as(event_type, incoming, occurred_on)?;
        let metadata = Noted::late(Came { delivery, inbound, header, read_as: event_type, occurred_on });
        let listeners = addressed(queue, inbound, queue.listeners(event_type));
        Ok(Decodable { event, metadata, listeners })
    };
    let unreadable = |why: Unreadable| Decoded::Unreadable { name: Some(name()), why: why.to_string() };
    // Mostly it is one, which needs no list.
    let Some((first, others)) = types.split_first() else { return Decoded::Unknown { name: name() } };
    let event_name = usual_or_own(&known.name, first.name());
    let first = match read(first) {
        Ok(first) => first,
        Err(why) => return unreadable(why),
    };
    match others.iter().map(read).collect() {
        Ok(others) => Decoded::Events { name: event_name, first, others },
        Err(why) => unreadable(why),
    }
}

fn from_typed<'q>(queue: &'q Queue, delivery: &Delivery, inbound: &Inbound, event: &Erased) -> Decoded<'q> {
    let name = inbound.attributes.text(EVENT_TYPE).unwrap_or_default().to_owned();
    let listeners = queue.listeners_to(event.as_ref().type_id());
    if listeners.is_empty() {
        return Decoded::Unknown { name };
    }
    let mut metadata = Metadata::now(Cow::Owned(name.clone()));
    metadata.topic = inbound.topic.clone().unwrap_or_default();
    metadata.event_id = EventId::from_text(inbound.wrapper_id.as_deref().unwrap_or(&delivery.message_id));
    metadata.occurred_on = inbound.occurred_on.or(delivery.sent_at).unwrap_or(metadata.occurred_on);
    let of_first = listeners.first().and_then(|first| queue.subscribers.get(*first));
    metadata.version = of_first.map_or(1, |member| member.subscription.descriptor.event().version());
    metadata.attempt = delivery.attempt.max(1);
    metadata.attributes = inbound.attributes.clone();
    let listeners = addressed(queue, inbound, listeners);
    Decoded::Events {
        name: name.into(),
        first: Decodable { event: Arc::clone(event), metadata: Noted::Made(Arc::new(metadata)), listeners },
        others: Vec::new(),
    }
}

/// A redriven dead letter is only for the subscriber that gave it up, as long as there is one with that name.
fn addressed<'q>(queue: &'q Queue, inbound: &Inbound, listeners: &'q [usize]) -> Cow<'q, [usize]> {
    let Some(wanted) = inbound.attributes.text(SUBSCRIBER) else {
        return Cow::Borrowed(listeners);
    };
    let named =
        |i: &&usize| queue.subscribers.get(**i).is_some_and(|member| member.subscription.descriptor.is_called(wanted));
    let only: Vec<usize> = listeners.iter().filter(named).copied().collect();
    if only.is_empty() { Cow::Borrowed(listeners) } else { Cow::Owned(only) }
}
