//! The events that are published and consumed: an order with its lines, as large as it is wanted.

use melange::{Event, EventSerializer};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Result;

/// Groups of the FIFO benches.
pub(crate) const GROUPS: u64 = 64;

/// One line of an order.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Line {
    sku: String,
    quantity: u32,
    cents: u64,
}

/// What a bench sends, whichever kind of topic it goes to.
pub(crate) trait Sample: Event + Clone + Serialize + DeserializeOwned {
    const TOPIC: &'static str;

    /// An order whose body on the wire, envelope included, is this large.
    fn sized(bytes: usize) -> Result<Self>;

    /// The same, with another number, and the customer who follows from it.
    fn numbered(&self, number: u64) -> Self;

    fn customer(&self) -> &str;

    fn number(&self) -> u64;
}

macro_rules! samples {
    ($($name:ident on $topic:literal),*) => {$(
        #[derive(Debug, Clone, Serialize, Deserialize, Event)]
        #[event(topic = $topic)]
        pub(crate) struct $name {
            #[event(key)]
            customer: String,
            number: u64,
            lines: Vec<Line>,
            note: String,
        }

        impl Sample for $name {
            const TOPIC: &'static str = $topic;

            fn sized(bytes: usize) -> Result<Self> {
                let serializer = EventSerializer::linked()?;
                // Numbers of ten digits, so that all are of one size.
                let first = FIRST;
                let mut order =
                    Self { customer: customer(first), number: first, lines: Vec::new(), note: String::new() };
                let size = |order: &Self| serializer.serialize(order).map(|body| body.len());
                while size(&order)? < bytes {
                    let at = order.lines.len() as u64;
                    order.lines.push(Line { sku: format!("sku-{at:06}"), quantity: 1, cents: 1999 });
                }
                order.lines.pop();
                let left = bytes.saturating_sub(size(&order)?);
                order.note = "x".repeat(left);
                Ok(order)
            }

            fn numbered(&self, number: u64) -> Self {
                Self { customer: customer(number), number: FIRST + number, ..self.clone() }
            }

            fn customer(&self) -> &str {
                &self.customer
            }

            fn number(&self) -> u64 {
                self.number - FIRST
            }
        }
    )*};
}

const FIRST: u64 = 1_000_000_000;

samples!(Order on "orders", Payment on "payments.fifo");

fn customer(number: u64) -> String {
    format!("customer-{:03}", number % GROUPS)
}

/// The bodies of so many events of this size, as Melange publishes them.
pub(crate) fn bodies<E: Sample>(count: u64, bytes: usize) -> Result<Vec<Body>> {
    let serializer = EventSerializer::linked()?;
    let sample = E::sized(bytes)?;
    let body = |number| {
        let event = sample.numbered(number);
        Ok(Body { json: serializer.serialize(&event)?, group: event.customer().to_owned() })
    };
    (0..count).map(body).collect()
}

/// A body, and the group it goes to where there are groups.
#[derive(Debug, Clone)]
pub(crate) struct Body {
    pub(crate) json: String,
    pub(crate) group: String,
}
