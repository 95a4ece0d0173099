//! What is read, of whoever wrote it: every form that Python versions sent, and bodies that try a reader.

mod bodies;
#[path = "../captured/mod.rs"]
mod captured;
mod names;
mod others;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use melange::transport::{Body, Inbound};
use melange::{AttributeValue, Attributes, Consumed, Event, Fate, MessageConsumer, Metadata};
use melange_tests::hands::Hands;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use captured::{ExampleEvent, Notes, ProductAdded, Seen};

/// Whatever JSON one sends.
#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "t")]
struct Anything {
    value: Value,
}

/// An event that owns keys which wrappers and other formats have.
#[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "t")]
#[serde(rename_all = "PascalCase")]
struct LetterWritten {
    r#type: String,
    message: String,
    topic_arn: Option<String>,
    #[serde(rename = "data")]
    data: Option<u8>,
    #[serde(rename = "id")]
    id: Option<u8>,
}

#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "t")]
struct Measured {
    small: Option<u8>,
    whole: Option<i64>,
    real: Option<f64>,
    vast: Option<u128>,
}

/// A consumer of all these, over hands of its own.
struct Reader {
    hands: Hands,
    consumer: MessageConsumer,
    notes: Notes,
    others: Arc<Mutex<Vec<String>>>,
}

impl Reader {
    fn new() -> Self {
        let (hands, notes, others) = (Hands::default(), Notes::default(), Arc::<Mutex<Vec<String>>>::default());
        let (products, examples) = (notes.clone(), notes.clone());
        let (anything, letters, measured) = (Arc::clone(&others), Arc::clone(&others), Arc::clone(&others));
        let consumer = MessageConsumer::builder()
            .transport(hands.clone())
            .subscribe(move |event: Arc<ProductAdded>, meta: Metadata| {
                products.product(&event, meta);
                async {}
            })
            .subscribe(move |event: Arc<ExampleEvent>, meta: Metadata| {
                examples.example(&event, meta);
                async {}
            })
            .subscribe(move |event: &Anything| anything.lock().unwrap().push(event.value.to_string()))
            .subscribe(move |event: &LetterWritten| letters.lock().unwrap().push(format!("{event:?}")))
            .subscribe(move |event: &Measured| measured.lock().unwrap().push(format!("{event:?}")))
            .wait(Duration::from_millis(10))
            .build()
            .unwrap();
        Self { hands, consumer, notes, others }
    }

    /// What becomes of a message, and what its dead letter says.
    async fn read(&self, body: &str, attributes: Attributes) -> (Consumed, Option<String>) {
        let mut inbound = Inbound::new(Body::Json(body.into()));
        inbound.attributes = attributes;
        self.hands.give(Ok(inbound));
        self.next().await
    }

    async fn next(&self) -> (Consumed, Option<String>) {
        let before = self.hands.0.lock().unwrap().deleted.len();
        let consumed = self.consumer.consume_event().await.unwrap();
        let mut held = self.hands.0.lock().unwrap();
        let letters = std::mem::take(&mut held.letters);
        assert!(letters.len() <= 1, "{letters:?}");
        if matches!(consumed.message(), Some(message) if !matches!(message.fate, Fate::Retried { .. })) {
            assert_eq!(held.deleted.len(), before + 1, "it was not deleted");
            assert!(held.put_back.is_empty(), "it was put back");
        }
        (consumed, letters.into_iter().next())
    }

    /// The one event a handled message brings.
    async fn handled(&self, body: &str) -> (Seen, Metadata) {
        self.handled_with(body, Attributes::new()).await
    }

    async fn handled_with(&self, body: &str, attributes: Attributes) -> (Seen, Metadata) {
        let (consumed, reason) = self.read(body, attributes).await;
        let fate = consumed.message().unwrap().fate;
        assert_eq!(fate, Fate::Handled, "{reason:?}: {:.200}", body);
        let mut seen = self.notes.take();
        assert_eq!(seen.len(), 1, "{body:.200}");
        seen.remove(0)
    }

    /// What another event's subscriber saw of a handled message.
    async fn other(&self, body: &str) -> String {
        let (consumed, reason) = self.read(body, Attributes::new()).await;
        assert_eq!(consumed.message().unwrap().fate, Fate::Handled, "{reason:?}: {body:.200}");
        self.others.lock().unwrap().pop().unwrap()
    }

    /// Why a message is dead-lettered, unseen by any subscriber.
    async fn dead(&self, body: &str, attributes: Attributes) -> String {
        let (consumed, reason) = self.read(body, attributes).await;
        let processed = consumed.message().unwrap();
        assert_eq!(processed.fate, Fate::DeadLettered, "{body:.200}");
        assert!(self.notes.take().is_empty() && self.others.lock().unwrap().is_empty());
        reason.unwrap()
    }
}

fn texts(pairs: &[(&'static str, &str)]) -> Attributes {
    Attributes::from_iter(pairs.iter().map(|(name, value)| (*name, AttributeValue::String((*value).to_owned()))))
}

fn product(rest: &str) -> String {
    format!(r#"{{"event_type_name": "ProductAdded", "product_id": 7{rest}}}"#)
}
