//! A transport that hands out what it is given, and notes what is done with it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use melange::Format;
use melange::transport::{
    Capabilities, DeadLetter, Delivery, Inbound, Message, Receipt, Topology, Transport, TransportError, Undecodable,
};

/// Hands out what it is given, in order, and notes what is done with it. Clones share everything.
#[derive(Clone, Default)]
pub struct Hands(pub Arc<Mutex<Held>>);

/// What was given, and what became of it.
#[derive(Default)]
pub struct Held {
    waiting: VecDeque<Delivery>,
    /// What was deleted, by number.
    pub deleted: Vec<u32>,
    /// What was put back, by number.
    pub put_back: Vec<u32>,
    /// The reasons of dead letters.
    pub letters: Vec<String>,
    published: Vec<Message>,
    format: Format,
    given: u32,
}

impl Hands {
    /// Of a transport that writes in this format.
    #[must_use]
    pub fn writing(format: Format) -> Self {
        let hands = Self::default();
        hands.0.lock().unwrap().format = format;
        hands
    }

    /// Puts a message into the queue; they are numbered from 1.
    pub fn give(&self, content: Result<Inbound, Undecodable>) {
        self.give_as(content, |_| ());
    }

    /// The same, for a delivery that is otherwise than usual.
    pub fn give_as(&self, content: Result<Inbound, Undecodable>, change: impl FnOnce(&mut Delivery)) {
        let mut held = self.0.lock().unwrap();
        held.given += 1;
        let mut delivery = Delivery::new(format!("m-{}", held.given), content, Receipt::new(held.given));
        change(&mut delivery);
        held.waiting.push_back(delivery);
    }

    /// The only message that was published since it was last asked.
    #[must_use]
    pub fn published(&self) -> Message {
        let mut published = std::mem::take(&mut self.0.lock().unwrap().published);
        assert_eq!(published.len(), 1);
        published.remove(0)
    }
}

fn number(receipt: &Receipt) -> u32 {
    *receipt.get().unwrap()
}

impl Transport for Hands {
    fn capabilities(&self) -> Capabilities {
        Capabilities::wire("hands").with_format(self.0.lock().unwrap().format)
    }

    fn own_queue(&self) -> &str {
        "billing"
    }

    async fn prepare(&self, _: &Topology) -> Result<(), TransportError> {
        Ok(())
    }

    async fn publish(&self, messages: Vec<Message>) -> Vec<Result<(), TransportError>> {
        let answers = messages.iter().map(|_| Ok(())).collect();
        self.0.lock().unwrap().published.extend(messages);
        answers
    }

    async fn receive(&self, _: &str, max: usize, wait: Duration) -> Result<Vec<Delivery>, TransportError> {
        let take = || {
            let waiting = &mut self.0.lock().unwrap().waiting;
            let count = max.min(waiting.len());
            waiting.drain(..count).collect::<Vec<_>>()
        };
        let deliveries = take();
        if deliveries.is_empty() {
            tokio::time::sleep(wait).await;
            return Ok(take());
        }
        Ok(deliveries)
    }

    async fn delete(&self, _: &str, receipts: Vec<Receipt>) -> Vec<Result<(), TransportError>> {
        self.0.lock().unwrap().deleted.extend(receipts.iter().map(number));
        receipts.iter().map(|_| Ok(())).collect()
    }

    async fn change_visibility(&self, _: &str, receipts: Vec<(Receipt, Duration)>) -> Vec<Result<(), TransportError>> {
        self.0.lock().unwrap().put_back.extend(receipts.iter().map(|(receipt, _)| number(receipt)));
        receipts.iter().map(|_| Ok(())).collect()
    }

    async fn dead_letter(&self, _: &str, _: &Delivery, letter: &DeadLetter) -> Result<(), TransportError> {
        self.0.lock().unwrap().letters.push(letter.reason.clone());
        Ok(())
    }
}
