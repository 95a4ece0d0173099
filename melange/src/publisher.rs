//! Publishing, without a queue of one's own.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use crate::attributes::{AttributeValue, EVENT_TYPE, MANIFEST, MAX_ATTRIBUTES, SERIALIZER_ID, TRACEPARENT};
use crate::error::publish::{Kind, PublishError};
#[cfg(feature = "cli")]
use crate::event::Erased;
use crate::event::{Event, EventDescriptor, Route};
use crate::metadata::Metadata;
use crate::transport::{Body, DynTransport, Message, Transport, TransportError};
use crate::type_map::TypeMap;
use crate::wire::write;
use crate::{Attributes, EventId, SendTo, deprecation, trace};

/// Publishes events where no queue is consumed: in a REST handler, a Lambda function, a script. Cheap to clone.
///
/// ```rust,standalone_crate
/// # #[derive(serde::Serialize, serde::Deserialize, melange::Event)]
/// # #[event(topic = "orders")]
/// # struct OrderPlaced { total_cents: u64 }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), melange::PublishError> {
/// let publisher = melange::MessagePublisher::new(melange::MemoryTransport::new());
/// let event_id = publisher.publish(OrderPlaced { total_cents: 4200 }).await?;
/// println!("the broker has {event_id}");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct MessagePublisher {
    transport: DynTransport,
    usual: Arc<Usual>,
}

/// The attributes that all events of a type have, made once for each.
#[derive(Default)]
struct Usual(RwLock<TypeMap<Attributes>>);

impl MessagePublisher {
    /// Publishes over `transport`.
    #[must_use]
    pub fn new(transport: impl Transport) -> Self {
        Self::over(DynTransport::new(transport))
    }

    pub(crate) fn over(transport: DynTransport) -> Self {
        Self { transport, usual: Arc::default() }
    }

    /// Publishes one event, and returns its id once the broker has it. Concurrent publishes share requests, if the
    /// transport can batch.
    ///
    /// # Errors
    /// If the event cannot be serialized, or the broker did not accept it.
    pub async fn publish<E: Event>(&self, event: E) -> Result<EventId, PublishError> {
        let message = self.message(event)?;
        let event_id = message.metadata.event_id.clone();
        let answer = match self.transport.publish_here(&message) {
            Some(answer) => answer,
            None => self.transport.publish_one(message).await,
        };
        answered(E::DESCRIPTOR.name(), event_id, Some(answer))
    }

    /// Publishes several events, and returns a result for each, in order: one that fails does not hold back the others.
    /// Only on FIFO topics, an event is not sent if one before it with the same key was not; its error says so.
    pub async fn publish_all<E: Event>(
        &self,
        events: impl IntoIterator<Item = E>,
    ) -> Vec<Result<EventId, PublishError>> {
        let mut messages = Vec::new();
        let mut written = |event| {
            let message = self.message(event)?;
            let event_id = message.metadata.event_id.clone();
            messages.push(message);
            Ok(event_id)
        };
        let ids: Vec<Result<EventId, PublishError>> = events.into_iter().map(&mut written).collect();
        let mut answers =
            if messages.is_empty() { Vec::new() } else { self.transport.publish(messages).await }.into_iter();
        ids.into_iter().map(|event_id| answered(E::DESCRIPTOR.name(), event_id?, answers.next())).collect()
    }

    /// Sends one event directly to `queue`, without a topic, so that only its subscribers see it; at once, or after a
    /// [`delay`](SendTo::delay). Await the returned value to send it.
    ///
    /// The queue is named as in `#[subscriber(queue = "..")]`, and must exist. Its consumers read the event as if it
    /// had been published.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # #[derive(serde::Serialize, serde::Deserialize, melange::Event)]
    /// # #[event(topic = "orders")]
    /// # struct PaymentDue { order_id: String }
    /// # async fn example(publisher: melange::MessagePublisher) -> Result<(), melange::PublishError> {
    /// let due = PaymentDue { order_id: "o-1".into() };
    /// publisher.send_to("billing", due).delay(Duration::from_secs(600)).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the event cannot be serialized, or the queue did not accept it.
    pub fn send_to<E: Event>(&self, queue: impl Into<String>, event: E) -> SendTo<E> {
        SendTo::new(self.clone(), queue.into(), event)
    }

    pub(crate) async fn send<E: Event>(
        &self,
        queue: &str,
        event: E,
        delay: Option<Duration>,
    ) -> Result<EventId, PublishError> {
        let message = self.message_for_queue(event)?;
        let event_id = message.metadata.event_id.clone();
        let answer = self.transport.send(queue, message, delay).await;
        answered(E::DESCRIPTOR.name(), event_id, Some(answer))
    }

    fn message<E: Event>(&self, event: E) -> Result<Message, PublishError> {
        let message = self.message_for_queue(event)?;
        match no_topic(&message) {
            None => Ok(message),
            Some(refused) => Err(refused),
        }
    }

    /// The message, which a queue takes without a topic.
    fn message_for_queue<E: Event>(&self, event: E) -> Result<Message, PublishError> {
        let descriptor = E::DESCRIPTOR;
        let outline = Outline::of(descriptor, &event.route(), &self.usual)?;
        let capabilities = self.transport.capabilities();
        if descriptor.is_local() && !capabilities.wire {
            return Ok(outline.message(descriptor, Body::Typed(Arc::new(event))));
        }
        let body = write(capabilities.format, descriptor, &outline.metadata, &event);
        let body = body.map_err(|error| outline.refuse(descriptor, Kind::Write(error)))?;
        Ok(outline.message(descriptor, Body::Json(body)))
    }

    /// The message of an event whose type was forgotten.
    #[cfg(feature = "cli")]
    pub(crate) fn message_of(
        &self,
        descriptor: &'static EventDescriptor,
        event: &Erased,
    ) -> Result<Message, PublishError> {
        let outline = Outline::of(descriptor, &descriptor.route(event.as_ref()).unwrap_or_default(), &self.usual)?;
        let body = write(self.transport.capabilities().format, descriptor, &outline.metadata, event.as_ref());
        let body = body.map_err(|error| outline.refuse(descriptor, Kind::Write(error)))?;
        let message = outline.message(descriptor, Body::Json(body));
        match no_topic(&message) {
            None => Ok(message),
            Some(refused) => Err(refused),
        }
    }

    /// Publishes what [`message_of`](Self::message_of) made.
    #[cfg(feature = "cli")]
    pub(crate) async fn publish_message(&self, message: Message) -> Result<EventId, PublishError> {
        let (name, event_id) = (message.event.name(), message.metadata.event_id.clone());
        let answer = self.transport.publish_one(message).await;
        answered(name, event_id, Some(answer))
    }
}

/// Refuses a message that is to go nowhere.
fn no_topic(message: &Message) -> Option<PublishError> {
    message.topic().is_empty().then(|| {
        let why =
            "neither its type nor a field says a topic: add `#[event(topic = \"...\")]` to the type, or fill its \
                   `#[event(topic)]` field; an in-process bus needs none"
                .to_owned();
        PublishError::new(message.event.name(), Some(message.metadata.event_id.clone()), Kind::Topic(why))
    })
}

/// A message but for its body.
struct Outline {
    metadata: Metadata,
    attributes: Attributes,
    key: Option<String>,
    dedup_id: Option<String>,
}

impl Outline {
    fn of(descriptor: &'static EventDescriptor, route: &Route<'_>, usual: &Usual) -> Result<Self, PublishError> {
        deprecation::warn_once(descriptor);
        let metadata = Metadata::routed(descriptor, route);
        let attributes = attributes(usual.of(descriptor), route);
        let key = route.key.as_ref().map(ToString::to_string);
        let dedup_id = route.dedup_id.as_ref().map(ToString::to_string);
        let outline = Self { metadata, attributes, key, dedup_id };
        match outline.attributes.len() {
            count if count > MAX_ATTRIBUTES => Err(outline.refuse(descriptor, Kind::TooManyAttributes(count))),
            _ => Ok(outline),
        }
    }

    fn refuse(&self, descriptor: &EventDescriptor, kind: Kind) -> PublishError {
        PublishError::new(descriptor.name(), Some(self.metadata.event_id.clone()), kind)
    }

    fn message(self, event: &'static EventDescriptor, body: Body) -> Message {
        let Self { metadata, attributes, key, dedup_id } = self;
        Message { event, metadata, attributes, key, dedup_id, body }
    }
}

impl Usual {
    fn of(&self, event: &'static EventDescriptor) -> Attributes {
        if let Some(known) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&event.type_id()) {
            return known.clone();
        }
        let name = || AttributeValue::String(event.name().to_owned());
        let new: Attributes =
            [(EVENT_TYPE, name()), (MANIFEST, name()), (SERIALIZER_ID, AttributeValue::Number("1".to_owned()))]
                .into_iter()
                .collect();
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.entry(event.type_id()).or_insert(new).clone()
    }
}

fn attributes(mut usual: Attributes, route: &Route<'_>) -> Attributes {
    if let Some(traceparent) = trace::current() {
        usual.set(TRACEPARENT, AttributeValue::String(traceparent));
    }
    for (name, value) in &route.attributes {
        usual.set(*name, value.clone());
    }
    usual
}

fn answered(
    name: &'static str,
    event_id: EventId,
    answer: Option<Result<(), TransportError>>,
) -> Result<EventId, PublishError> {
    match answer.unwrap_or_else(|| Err(TransportError::no_answer())) {
        Ok(()) => {
            tracing::debug!(event = name, %event_id, "published");
            Ok(event_id)
        }
        Err(error) => Err(PublishError::new(name, Some(event_id), Kind::Transport(error))),
    }
}

impl fmt::Debug for MessagePublisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessagePublisher").field("transport", &self.transport.capabilities().name).finish()
    }
}
