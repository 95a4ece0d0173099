//! From a delivery to events and the subscribers that are to run for them.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::queue::Queue;
use crate::EventId;
use crate::attributes::{EVENT_TYPE, SUBSCRIBER};
use crate::event::Erased;
use crate::metadata::Metadata;
use crate::registry::Reading;
use crate::registry::versions::read_as;
use crate::serializer::Origin;
use crate::transport::{Body, Delivery, Inbound};
use crate::wire::{Incoming, begin, read};

/// What a delivery turned out to be.
pub(crate) enum Decoded {
    /// Events, each with the subscribers that are to run for it: one event, unless several versions of it are listened to.
    Events { name: Cow<'static, str>, events: Vec<Decodable> },
    /// Nobody here listens to this name.
    Unknown { name: String },
    /// The name is known, this version of it is not yet.
    UnknownVersion { name: String, version: u32 },
    /// It can never be read, and why.
    Unreadable { name: Option<String>, why: String },
}

/// An event, and who runs for it by index.
pub(crate) struct Decodable {
    pub(crate) event: Erased,
    pub(crate) metadata: Arc<Metadata>,
    pub(crate) listeners: Vec<usize>,
}

/// What a delivery is. Whoever reads an event for serde may panic: then it cannot be read.
pub(crate) fn decode(queue: &Queue, delivery: &Delivery) -> Decoded {
    catch_unwind(AssertUnwindSafe(|| of_content(queue, delivery))).unwrap_or_else(|_| {
        let why = "reading it panicked, in the `Deserialize` of its event or in an upcast: mend that, then redrive it";
        Decoded::Unreadable { name: None, why: why.to_owned() }
    })
}

fn of_content(queue: &Queue, delivery: &Delivery) -> Decoded {
    match &delivery.content {
        Err(why) => Decoded::Unreadable { name: None, why: why.to_string() },
        Ok(inbound) => match &inbound.body {
            Body::Json(json) => from_json(queue, delivery, inbound, json),
            Body::Typed(event) => from_typed(queue, delivery, inbound, event),
        },
    }
}

fn from_json(queue: &Queue, delivery: &Delivery, inbound: &Inbound, json: &str) -> Decoded {
    // First in one walk, as most come. What cannot be read so is read with care, and judged then.
    if let Some(incoming) = begin(json, &inbound.attributes, |name| queue.readers.know(name)) {
        match from_incoming(queue, delivery, inbound, &incoming) {
            decoded @ Decoded::Events { .. } => return decoded,
            // Somebody else's: whether it is all right is theirs to say.
            decoded @ Decoded::Unknown { .. } if incoming.says_its_name() => return decoded,
            _ => {}
        }
    }
    match read(json, &inbound.attributes) {
        Ok(incoming) => from_incoming(queue, delivery, inbound, &incoming),
        Err(why) => Decoded::Unreadable { name: None, why: why.to_string() },
    }
}

fn from_incoming(queue: &Queue, delivery: &Delivery, inbound: &Inbound, incoming: &Incoming<'_>) -> Decoded {
    let known = &incoming.header;
    let name = || known.name.clone().into_owned();
    let types = match queue.readers.find(&known.name, known.version) {
        Reading::UnknownName => return Decoded::Unknown { name: name() },
        Reading::UnknownVersion { .. } => {
            return Decoded::UnknownVersion { name: name(), version: known.version.unwrap_or(1) };
        }
        Reading::Into(types) => types,
    };
    let origin = Origin {
        topic: inbound.topic.as_deref(),
        id: inbound.wrapper_id.as_deref().or(Some(&delivery.message_id)),
        sent_at: delivery.sent_at,
        attempt: delivery.attempt,
    };
    let occurred_on = origin.occurred_on(known);
    let mut events = Vec::with_capacity(types.len());
    for &event_type in types.iter() {
        let (event, header) = match read_as(event_type, incoming, occurred_on) {
            Ok(read) => read,
            Err(why) => {
                return Decoded::Unreadable { name: Some(name()), why: why.to_string() };
            }
        };
        let metadata = origin.metadata(&header, event_type, occurred_on, &inbound.attributes);
        let listeners = addressed(queue, inbound, queue.listeners(event_type).collect());
        events.push(Decodable { event, metadata: Arc::new(metadata), listeners });
    }
    let name = events.first().map_or_else(|| name().into(), |event| event.metadata.event_type_name.clone());
    Decoded::Events { name, events }
}

fn from_typed(queue: &Queue, delivery: &Delivery, inbound: &Inbound, event: &Erased) -> Decoded {
    let name = inbound.attributes.text(EVENT_TYPE).unwrap_or_default().to_owned();
    let type_id = event.as_ref().type_id();
    let of_type = |i: &usize| {
        queue.subscribers.get(*i).is_some_and(|member| member.subscription.descriptor.event().type_id() == type_id)
    };
    let listeners: Vec<usize> = (0..queue.subscribers.len()).filter(of_type).collect();
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
        events: vec![Decodable { event: Arc::clone(event), metadata: Arc::new(metadata), listeners }],
    }
}

/// A dead letter that was put back is for the one subscriber that gave it up, as long as there is one of that name.
fn addressed(queue: &Queue, inbound: &Inbound, listeners: Vec<usize>) -> Vec<usize> {
    let Some(wanted) = inbound.attributes.text(SUBSCRIBER) else {
        return listeners;
    };
    let named =
        |i: &&usize| queue.subscribers.get(**i).is_some_and(|member| member.subscription.descriptor.name() == wanted);
    let only: Vec<usize> = listeners.iter().filter(named).copied().collect();
    if only.is_empty() { listeners } else { only }
}
