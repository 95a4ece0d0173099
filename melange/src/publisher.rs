//! Publishing, without a queue of one's own.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::attributes::{AttributeValue, EVENT_TYPE, MANIFEST, MAX_ATTRIBUTES, SERIALIZER_ID, TRACEPARENT};
use crate::error::publish::{Kind, PublishError};
use crate::event::{Event, Route};
use crate::metadata::Metadata;
use crate::transport::{Body, DynTransport, Message, Transport, TransportError};
use crate::wire::write;
use crate::{Attributes, EventId, SendTo, deprecation, trace};

/// Publishes events, from where there is no queue to consume: a REST handler, a Lambda, a script. Cheap to clone.
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
}

impl MessagePublisher {
    /// Publishing over `transport`.
    #[must_use]
    pub fn new(transport: impl Transport) -> Self {
        Self::over(DynTransport::new(transport))
    }

    pub(crate) fn over(transport: DynTransport) -> Self {
        Self { transport }
    }

    /// Publishes one event, and returns its id once the broker has it. What is published at the same time goes in one
    /// request, where the transport can do that.
    ///
    /// # Errors
    /// If the event cannot be written, or the broker did not take it.
    pub async fn publish<E: Event>(&self, event: E) -> Result<EventId, PublishError> {
        let message = self.message(event)?;
        let event_id = message.metadata.event_id.clone();
        let answer = self.transport.publish(vec![message]).await.into_iter().next();
        answered::<E>(event_id, answer)
    }

    /// Publishes several events, and answers for each, in order: one that fails does not keep back the others. Only on FIFO
    /// topics, nothing is sent after one of the same key that was not, and its error says so.
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
        ids.into_iter().map(|event_id| answered::<E>(event_id?, answers.next())).collect()
    }

    /// Sends one event to `queue` itself, past all topics, so that only its subscribers see it; at once, or after a
    /// [`delay`](SendTo::delay). Await what it returns.
    ///
    /// The queue is named as a subscriber's annotation names it, and has to be there. Whoever consumes from it reads the
    /// event as if it had been published.
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
    /// If the event cannot be written, or the queue did not take it.
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
        answered::<E>(event_id, Some(answer))
    }

    fn message<E: Event>(&self, event: E) -> Result<Message, PublishError> {
        let message = self.message_for_queue(event)?;
        if message.topic().is_empty() {
            let why = "its `#[event(topic)]` field is empty; say where it is to go".to_owned();
            return Err(PublishError::new(E::DESCRIPTOR.name(), Some(message.metadata.event_id), Kind::Topic(why)));
        }
        Ok(message)
    }

    /// The message, which a queue takes without a topic.
    fn message_for_queue<E: Event>(&self, event: E) -> Result<Message, PublishError> {
        let descriptor = E::DESCRIPTOR;
        deprecation::warn_once(descriptor);
        let route = event.route();
        let metadata = Metadata::routed(descriptor, &route);
        let refuse = |kind| PublishError::new(descriptor.name(), Some(metadata.event_id.clone()), kind);
        let attributes = attributes(&metadata, &route);
        if attributes.len() > MAX_ATTRIBUTES {
            return Err(refuse(Kind::TooManyAttributes(attributes.len())));
        }
        let key = route.key.as_ref().map(ToString::to_string);
        let dedup_id = route.dedup_id.as_ref().map_or_else(|| metadata.event_id.to_string(), ToString::to_string);
        drop(route);
        let capabilities = self.transport.capabilities();
        let body = if descriptor.is_local() && !capabilities.wire {
            Body::Typed(Arc::new(event))
        } else {
            let body = write(capabilities.format, descriptor, &metadata, &event);
            Body::Json(body.map_err(|error| refuse(Kind::Write(error)))?)
        };
        Ok(Message { event: descriptor, metadata, attributes, key, dedup_id, body })
    }
}

fn attributes(metadata: &Metadata, route: &Route<'_>) -> Attributes {
    let name = || AttributeValue::String(metadata.event_type_name.clone().into_owned());
    let mut attributes = Attributes::new();
    attributes.set(EVENT_TYPE, name());
    attributes.set(MANIFEST, name());
    attributes.set(SERIALIZER_ID, AttributeValue::Number("1".to_owned()));
    if let Some(traceparent) = trace::current() {
        attributes.set(TRACEPARENT, AttributeValue::String(traceparent));
    }
    for (name, value) in &route.attributes {
        attributes.set(*name, value.clone());
    }
    attributes
}

fn answered<E: Event>(event_id: EventId, answer: Option<Result<(), TransportError>>) -> Result<EventId, PublishError> {
    let name = E::DESCRIPTOR.name();
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
