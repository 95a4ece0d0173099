//! Services whose topology is there, but which do not poll: for cases that do so themselves.

use std::time::Duration;

use super::Harness;
use super::probe::Probe;
use crate::Event;
use crate::transport::{Delivery, Transport};

/// A service that listens to `E` through `queue`.
pub(crate) async fn idle<H: Harness, E: Event + Clone>(harness: &H, queue: &str) -> H::Transport {
    let consumer = crate::MessageConsumer::builder().transport(harness.queue(queue)).subscriber(Probe::<E>::content());
    consumer.build().unwrap().prepare().await.unwrap();
    harness.queue(queue)
}

pub(crate) async fn receive(transport: &impl Transport, queue: &str, wait: Duration) -> Vec<Delivery> {
    transport.receive(queue, 10, wait).await.unwrap()
}

/// Receives exactly one message, however long it takes to come.
pub(crate) async fn one(transport: &impl Transport, queue: &str) -> Delivery {
    let mut all = receive(transport, queue, Duration::from_secs(10)).await;
    assert_eq!(all.len(), 1, "one message was to come");
    all.remove(0)
}
