//! What the tests of this transport share.

pub(super) mod program;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::MemoryTransport;
use crate::attributes::{AttributeValue, Attributes, EVENT_TYPE};
use crate::event::{Event, EventDescriptor};
use crate::metadata::Metadata;
use crate::transport::{
    Body, Delivery, Message, QueuePlan, Receipt, TopicFilter, Topology, Transport, TransportErrorKind,
};
use crate::{EventId, Location};

pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const VISIBILITY: Duration = Duration::from_secs(30);
pub(super) const NOW: Duration = Duration::ZERO;

struct Happened;

impl Event for Happened {
    const DESCRIPTOR: &'static EventDescriptor =
        &EventDescriptor::new::<Self>("Happened", "memory::Happened", Location::new(module_path!(), file!(), line!()));
}

/// A message to `topic`, of an event named `Happened`, with this body.
pub(super) fn message(topic: &str, body: &str) -> Message {
    let mut metadata = Metadata::now("Happened");
    metadata.topic = topic.to_owned().into();
    let attributes: Attributes = [(EVENT_TYPE, AttributeValue::String("Happened".to_owned()))].into_iter().collect();
    Message {
        event: Happened::DESCRIPTOR,
        metadata,
        attributes,
        key: None,
        dedup_id: None,
        body: Body::Json(body.into()),
    }
}

impl Message {
    pub(super) fn keyed(mut self, key: &str) -> Self {
        self.key = Some(key.to_owned());
        self
    }

    pub(super) fn named(mut self, name: &str) -> Self {
        self.attributes.set(EVENT_TYPE, AttributeValue::String(name.to_owned()));
        self
    }

    pub(super) fn dedup(mut self, id: &str) -> Self {
        self.dedup_id = Some(id.to_owned());
        self
    }

    pub(super) fn typed<T: Send + Sync + 'static>(mut self, event: T) -> Self {
        self.body = Body::Typed(Arc::new(event));
        self
    }

    pub(super) fn id(&self) -> EventId {
        self.metadata.event_id.clone()
    }
}

/// A plan for `queue`, fed with these `(topic, event type)`s, given up after 3 receives.
pub(super) fn plan(queue: &str, feeds: &[(&str, &str)]) -> QueuePlan {
    let filter = |(topic, name): &(&str, &str)| TopicFilter {
        topic: (*topic).to_owned(),
        event_types: BTreeSet::from([(*name).to_owned()]),
    };
    QueuePlan {
        name: queue.to_owned(),
        topics: feeds.iter().map(filter).collect(),
        visibility: VISIBILITY,
        max_receives: 3,
    }
}

pub(super) fn topology(queues: impl IntoIterator<Item = QueuePlan>) -> Topology {
    Topology { queues: queues.into_iter().collect(), ..Topology::default() }
}

/// An account with the queue `q` fed by the topic `t`.
pub(super) fn standard() -> MemoryTransport {
    with([plan("q", &[("t", "Happened")])])
}

/// An account with the queue `q.fifo` fed by the topic `t.fifo`.
pub(super) fn fifo() -> MemoryTransport {
    with([plan("q.fifo", &[("t.fifo", "Happened")])])
}

pub(super) fn with(queues: impl IntoIterator<Item = QueuePlan>) -> MemoryTransport {
    let account = MemoryTransport::new();
    account.check(&topology(queues)).unwrap();
    account
}

/// Short forms, for one queue and one message.
impl MemoryTransport {
    pub(super) async fn send(&self, message: Message) {
        self.try_send(message).await.unwrap();
    }

    pub(super) async fn try_send(&self, message: Message) -> Result<(), TransportErrorKind> {
        self.publish(vec![message]).await.remove(0).map_err(|error| error.kind())
    }

    /// What can be received at once, at most ten.
    pub(super) async fn take(&self, queue: &str) -> Vec<Delivery> {
        self.receive(queue, 10, NOW).await.unwrap()
    }

    pub(super) async fn take_one(&self, queue: &str) -> Delivery {
        let mut deliveries = self.receive(queue, 1, NOW).await.unwrap();
        assert_eq!(deliveries.len(), 1);
        deliveries.remove(0)
    }

    pub(super) async fn ack(&self, queue: &str, delivery: &Delivery) -> Result<(), TransportErrorKind> {
        self.delete(queue, vec![delivery.receipt.clone()]).await.remove(0).map_err(|error| error.kind())
    }

    pub(super) async fn hide(&self, queue: &str, receipt: &Receipt, time: Duration) -> Result<(), TransportErrorKind> {
        let answers = self.change_visibility(queue, vec![(receipt.clone(), time)]).await;
        answers.into_iter().next().unwrap().map_err(|error| error.kind())
    }

    /// Visible, in hand, resting.
    pub(super) fn counts(&self, queue: &str) -> (usize, usize, usize) {
        let depth = self.depth(queue);
        (depth.visible, depth.in_hand, depth.resting)
    }
}

/// The bodies of what was handed out.
pub(super) fn bodies(deliveries: &[Delivery]) -> Vec<&str> {
    deliveries
        .iter()
        .map(|delivery| match &delivery.content.as_ref().unwrap().body {
            Body::Json(json) => json.as_ref(),
            Body::Typed(_) => "typed",
        })
        .collect()
}
