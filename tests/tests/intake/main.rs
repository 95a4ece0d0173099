//! Messages that somebody else received and somebody else settles: who runs, what is answered, and what is remembered.

mod given_up;
mod interrupted;
mod runs;
mod shutdown;
mod trace;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use melange::transport::{
    Body, Capabilities, DeadLetter, Delivery, Inbound, Message, Receipt, Topology, Transport, TransportError,
    TransportErrorKind,
};
use melange::{CancellationToken, Event, EventBus, Fate, Outcome, Settle, State, subscriber};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "orders")]
struct Order {
    number: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "orders")]
struct Followed {
    number: u32,
}

/// Who ran, in order; and what the subscriber `moody` is to say next.
#[derive(Clone, Default)]
struct World {
    ran: Arc<Mutex<Vec<String>>>,
    mood: Arc<Mutex<Option<Outcome>>>,
}

impl World {
    fn note(&self, what: impl Into<String>) {
        self.ran.lock().unwrap().push(what.into());
    }

    fn ran(&self) -> Vec<String> {
        let mut ran = std::mem::take(&mut *self.ran.lock().unwrap());
        ran.sort();
        ran
    }

    fn mood(&self, outcome: Outcome) {
        *self.mood.lock().unwrap() = Some(outcome);
    }
}

#[subscriber(listens_to = Order)]
async fn steady(order: &Order, State(world): State<World>) {
    world.note(format!("steady {}", order.number));
}

#[subscriber(listens_to = Order, retry(attempts = 3, backoff = "7s..7s"))]
async fn moody(order: &Order, State(world): State<World>) -> Outcome {
    world.note(format!("moody {}", order.number));
    world.mood.lock().unwrap().take().unwrap_or(Outcome::Done)
}

#[subscriber(listens_to = Order, queue = "audit")]
async fn audited(order: &Order, State(world): State<World>) {
    world.note(format!("audited {}", order.number));
}

/// A wire that takes dead letters, or not.
#[derive(Clone, Default)]
struct Wire {
    letters: Arc<Mutex<Vec<(String, DeadLetter)>>>,
    refuses: Option<TransportErrorKind>,
}

impl Transport for Wire {
    fn capabilities(&self) -> Capabilities {
        Capabilities::wire("a wire")
    }

    fn own_queue(&self) -> &str {
        "billing"
    }

    async fn prepare(&self, _: &Topology) -> Result<(), TransportError> {
        Ok(())
    }

    async fn publish(&self, messages: Vec<Message>) -> Vec<Result<(), TransportError>> {
        messages.iter().map(|_| Ok(())).collect()
    }

    async fn receive(&self, _: &str, _: usize, _: Duration) -> Result<Vec<Delivery>, TransportError> {
        panic!("nobody receives here")
    }

    async fn delete(&self, _: &str, _: Vec<Receipt>) -> Vec<Result<(), TransportError>> {
        panic!("nobody settles here")
    }

    async fn change_visibility(&self, _: &str, _: Vec<(Receipt, Duration)>) -> Vec<Result<(), TransportError>> {
        panic!("nobody settles here")
    }

    async fn dead_letter(&self, queue: &str, _: &Delivery, letter: &DeadLetter) -> Result<(), TransportError> {
        match self.refuses {
            Some(kind) => Err(TransportError::new(kind, "refused")),
            None => {
                self.letters.lock().unwrap().push((queue.to_owned(), letter.clone()));
                Ok(())
            }
        }
    }
}

fn delivery(id: &str, json: &str) -> Delivery {
    Delivery::new(id, Ok(Inbound::new(Body::Json(json.into()))), Receipt::new(()))
}

fn order(id: &str, number: u32) -> Delivery {
    delivery(id, &format!(r#"{{"event_type_name": "Order", "number": {number}}}"#))
}

fn attempt(number: u32, mut delivery: Delivery) -> Delivery {
    delivery.attempt = number;
    delivery
}

fn bus(world: &World, subscribers: melange::Functions) -> EventBus {
    EventBus::builder().subscribers(subscribers).state(world.clone()).build().unwrap()
}

fn bus_on(wire: &Wire, world: &World, subscribers: melange::Functions) -> EventBus {
    EventBus::builder().subscribers(subscribers).state(world.clone()).transport(wire.clone()).build().unwrap()
}

async fn take(bus: &EventBus, queue: Option<&str>, delivery: &Delivery) -> Settle {
    bus.intake().handle(queue, delivery, &CancellationToken::new()).await.settle
}

const HANDLED: Settle = Settle::Done(Fate::Handled);

fn rejected(reason: &str, subscriber: &str) -> Settle {
    Settle::Rejected { reason: reason.to_owned(), subscriber: Some(subscriber.to_owned()) }
}

#[subscriber(listens_to = Order)]
async fn heeds(_order: &Order, token: CancellationToken, State(world): State<World>) {
    token.cancelled().await;
    world.note("told");
}
