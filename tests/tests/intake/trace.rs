//! The trace of a message goes on with what its subscribers publish.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use melange::transport::{Capabilities, DeadLetter, Delivery, Message, Receipt, Topology, Transport, TransportError};
use melange::{AttributeValue, EventBus, State, attributes, subscriber};

use crate::{Followed, HANDLED, Order, World, order, take};

const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[tokio::test(start_paused = true)]
async fn what_subscribers_publish_carries_the_trace() {
    let (world, wire) = (World::default(), Published::default());
    let bus = EventBus::builder()
        .subscribers(melange::subscribers![forwards])
        .state(world.clone())
        .state(melange::MessagePublisher::new(wire.clone()))
        .build()
        .unwrap();
    let mut pushed = order("a", 1);
    let trace = AttributeValue::String(TRACEPARENT.to_owned());
    pushed.content.as_mut().unwrap().attributes.set(attributes::TRACEPARENT, trace);
    assert_eq!(take(&bus, None, &pushed).await, HANDLED);
    assert_eq!(*wire.0.lock().unwrap(), [Some(TRACEPARENT.to_owned())]);
}

#[subscriber(listens_to = Order)]
async fn forwards(
    order: &Order,
    State(publisher): State<melange::MessagePublisher>,
) -> Result<(), melange::PublishError> {
    publisher.publish(Followed { number: order.number }).await.map(drop)
}

/// Notes the traces of what is published.
#[derive(Clone, Default)]
struct Published(Arc<Mutex<Vec<Option<String>>>>);

impl Transport for Published {
    fn capabilities(&self) -> Capabilities {
        Capabilities::wire("published")
    }
    fn own_queue(&self) -> &str {
        "billing"
    }
    async fn prepare(&self, _: &Topology) -> Result<(), TransportError> {
        Ok(())
    }
    async fn publish(&self, messages: Vec<Message>) -> Vec<Result<(), TransportError>> {
        let trace = |message: Message| {
            self.0.lock().unwrap().push(message.attributes.text(attributes::TRACEPARENT).map(str::to_owned));
            Ok(())
        };
        messages.into_iter().map(trace).collect()
    }
    async fn receive(&self, _: &str, _: usize, _: Duration) -> Result<Vec<Delivery>, TransportError> {
        Ok(Vec::new())
    }
    async fn delete(&self, _: &str, _: Vec<Receipt>) -> Vec<Result<(), TransportError>> {
        Vec::new()
    }
    async fn change_visibility(&self, _: &str, _: Vec<(Receipt, Duration)>) -> Vec<Result<(), TransportError>> {
        Vec::new()
    }
    async fn dead_letter(&self, _: &str, _: &Delivery, _: &DeadLetter) -> Result<(), TransportError> {
        Ok(())
    }
}
