//! The account in memory with an eye on every call: it writes down what is published, and lets go wrong what a test says.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::Instant;

use super::fault::{Crash, Moment, What};
use super::journal::PublishedEntry;
use super::life::Life;
use super::shared::Shared;
use crate::EventId;
use crate::attributes::EVENT_TYPE;
use crate::runtime::from_now;
use crate::transport::{
    Body, Capabilities, DeadLetter, Delivery, MemoryTransport, Message, MoveStatus, Receipt, Topology, Transport,
    TransportError, TransportErrorKind,
};
use crate::wire::read;

/// The transport of a [`TestAccount`](super::TestAccount): to publish by it, or to give it to a bus or a consumer that the test
/// starts itself. Cheap to clone.
#[derive(Clone)]
pub struct TestTransport {
    pub(super) inner: MemoryTransport,
    pub(super) shared: Arc<Shared>,
    /// Whose it is; of a test, or of whoever publishes in a handler, when `None`.
    pub(super) life: Option<Arc<Life>>,
}

impl fmt::Debug for TestTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestTransport").field("own_queue", &self.inner.own_queue()).finish_non_exhaustive()
    }
}

/// A receipt, and what it is of.
struct TestReceipt {
    inner: Receipt,
    name: String,
    event_id: EventId,
}

type Answers = Vec<Result<(), TransportError>>;

fn told(what: &str) -> TransportError {
    TransportError::new(TransportErrorKind::Unavailable, format!("the test says that {what}"))
}

/// The event's name and id, as the bus finds them.
fn identity(delivery: &Delivery) -> (String, EventId) {
    let Ok(inbound) = &delivery.content else { return (String::new(), EventId::from_text(&delivery.message_id)) };
    let id = || EventId::from_text(inbound.wrapper_id.as_deref().unwrap_or(&delivery.message_id));
    if let Body::Json(json) = &inbound.body
        && let Ok(incoming) = read(json, &inbound.attributes)
    {
        let header = incoming.header;
        return (header.name.into_owned(), header.event_id.unwrap_or_else(id));
    }
    (inbound.attributes.text(EVENT_TYPE).unwrap_or_default().to_owned(), id())
}

impl TestTransport {
    /// The account below it.
    #[must_use]
    pub fn memory(&self) -> &MemoryTransport {
        &self.inner
    }

    /// The same, for a service whose own queue is `name`.
    #[must_use]
    pub fn queue(&self, name: impl Into<Arc<str>>) -> Self {
        Self { inner: self.inner.queue(name), ..self.clone() }
    }

    /// # Errors
    /// If whoever calls is dead.
    fn alive(&self) -> Result<Option<Arc<Life>>, TransportError> {
        let life = self.life.clone().or_else(Life::of_handler);
        match life {
            Some(life) if life.is_dead() => Err(life.silence()),
            life => Ok(life),
        }
    }

    /// Lets what was received be settled here.
    fn hand_out(mut delivery: Delivery) -> Delivery {
        let (name, event_id) = identity(&delivery);
        delivery.receipt = Receipt::new(TestReceipt { inner: delivery.receipt.clone(), name, event_id });
        delivery
    }

    /// As the account below knows it.
    fn take_back(delivery: &Delivery) -> Delivery {
        Delivery { receipt: inner(&delivery.receipt), ..delivery.clone() }
    }

    /// One message on its way to the broker: what is to be answered instead, if anything is.
    async fn publishing(&self, life: Option<&Arc<Life>>, moment: &Moment<'_>) -> Result<(), TransportError> {
        if self.shared.crashes(life, Crash::BeforePublish, moment) {
            return Err(self.last_words(life).await);
        }
        if self.shared.goes_wrong(What::FailPublish, moment) {
            return Err(told("the broker does not take it").certain());
        }
        Ok(())
    }

    /// One message that the broker has taken: what is to be answered.
    async fn taken(
        &self,
        life: Option<&Arc<Life>>,
        moment: &Moment<'_>,
        entry: PublishedEntry,
    ) -> Result<(), TransportError> {
        self.shared.journal.published(entry);
        if self.shared.crashes(life, Crash::AfterPublish, moment) {
            return Err(self.last_words(life).await);
        }
        if self.shared.goes_wrong(What::LosePublishAnswer, moment) {
            return Err(told("the broker's answer is lost").uncertain());
        }
        Ok(())
    }

    /// Who dies in a handler is not heard of again; a test that publishes lives on.
    async fn last_words(&self, life: Option<&Arc<Life>>) -> TransportError {
        yield_now().await;
        life.map_or_else(TransportError::no_answer, |life| life.silence())
    }

    /// Publishes one after the other, so that something can go wrong with each.
    async fn each<F: Future<Output = Answers>>(
        &self,
        messages: Vec<Message>,
        queue: Option<&str>,
        go: impl Fn(Message) -> F,
    ) -> Answers {
        let mut answers = Vec::with_capacity(messages.len());
        for message in messages {
            answers.push(self.one(message, queue, &go).await);
        }
        answers
    }

    async fn one<F: Future<Output = Answers>>(
        &self,
        message: Message,
        queue: Option<&str>,
        go: impl Fn(Message) -> F,
    ) -> Result<(), TransportError> {
        let life = self.alive()?;
        let moment = Moment { queue, event: Some(message.event.name()), subscriber: None };
        self.publishing(life.as_ref(), &moment).await?;
        let entry = PublishedEntry::of(&message, queue, self.shared.journal.place());
        go(message).await.pop().unwrap_or_else(|| Err(TransportError::no_answer()))?;
        self.taken(life.as_ref(), &moment, entry).await
    }

    /// What goes wrong with a message that is to be deleted, if anything does.
    async fn acknowledge(&self, queue: &str, receipt: Receipt) -> Result<(), TransportError> {
        let life = self.alive()?;
        let name = receipt.get::<TestReceipt>().map(|known| known.name.clone());
        let moment = Moment { queue: Some(queue), event: name.as_deref(), subscriber: None };
        let receipt = inner(&receipt);
        if self.shared.crashes(life.as_ref(), Crash::BeforeAck, &moment) {
            return Err(self.last_words(life.as_ref()).await);
        }
        if self.shared.goes_wrong(What::FailAck, &moment) {
            return Err(told("the broker does not delete it"));
        }
        if self.shared.goes_wrong(What::LoseAck, &moment) {
            return Ok(());
        }
        let answers = if self.shared.goes_wrong(What::DeliverTwice, &moment) {
            self.inner.change_visibility(queue, vec![(receipt, Duration::ZERO)]).await
        } else {
            self.inner.delete(queue, vec![receipt]).await
        };
        answers.into_iter().next().unwrap_or_else(|| Err(TransportError::no_answer()))?;
        if self.shared.crashes(life.as_ref(), Crash::AfterAck, &moment) {
            return Err(self.last_words(life.as_ref()).await);
        }
        Ok(())
    }

    async fn rest(&self, queue: &str, receipt: Receipt, time: Duration) -> Result<(), TransportError> {
        let life = self.alive()?;
        let journal = &self.shared.journal;
        let known = receipt.get::<TestReceipt>();
        let retried = known.filter(|known| journal.is_to_be_retried(queue, &known.event_id));
        let event = retried.map(|known| known.name.as_str());
        let moment = Moment { queue: Some(queue), event, subscriber: None };
        if retried.is_some() && self.shared.crashes(life.as_ref(), Crash::BeforeRetry, &moment) {
            return Err(self.last_words(life.as_ref()).await);
        }
        let answers = self.inner.change_visibility(queue, vec![(inner(&receipt), time)]).await;
        answers.into_iter().next().unwrap_or_else(|| Err(TransportError::no_answer()))?;
        if let Some(known) = retried {
            journal.retried(queue, &known.event_id, time);
            if self.shared.crashes(life.as_ref(), Crash::AfterRetry, &moment) {
                return Err(self.last_words(life.as_ref()).await);
            }
        }
        Ok(())
    }

    /// What was received, unless it is lost.
    async fn received(
        &self,
        life: Option<&Arc<Life>>,
        queue: &str,
        deliveries: Vec<Delivery>,
    ) -> Result<Vec<Delivery>, TransportError> {
        let deliveries: Vec<Delivery> = deliveries.into_iter().map(Self::hand_out).collect();
        for delivery in &deliveries {
            let event = delivery.receipt.get::<TestReceipt>().map(|known| known.name.as_str());
            let moment = Moment { queue: Some(queue), event, subscriber: None };
            if self.shared.crashes(life, Crash::AfterReceive, &moment) {
                return Err(self.last_words(life).await);
            }
            if self.shared.goes_wrong(What::LoseReceived, &moment) {
                return Err(told("what was received is lost"));
            }
        }
        Ok(deliveries)
    }
}

/// A receipt as the account below knows it.
fn inner(receipt: &Receipt) -> Receipt {
    receipt.get::<TestReceipt>().map_or_else(|| receipt.clone(), |known| known.inner.clone())
}

impl Transport for TestTransport {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn own_queue(&self) -> &str {
        self.inner.own_queue()
    }

    fn without_prefix<'a>(&self, queue: &'a str) -> &'a str {
        self.inner.without_prefix(queue)
    }

    fn dead_letter_queue(&self, queue: &str) -> String {
        self.inner.dead_letter_queue(queue)
    }

    async fn backlog(&self, queue: &str) -> Result<Option<u64>, TransportError> {
        self.alive()?;
        self.inner.backlog(queue).await
    }

    fn check(&self, topology: &Topology) -> Result<(), Vec<String>> {
        self.inner.check(topology)
    }

    async fn prepare(&self, topology: &Topology) -> Result<(), TransportError> {
        self.alive()?;
        self.inner.prepare(topology).await
    }

    async fn is_wanted(&self, topology: &Topology, queue: &str, event_type: &str) -> bool {
        self.inner.is_wanted(topology, queue, event_type).await
    }

    async fn publish(&self, messages: Vec<Message>) -> Vec<Result<(), TransportError>> {
        self.each(messages, None, |message| self.inner.publish(vec![message])).await
    }

    async fn send(
        &self,
        queue: &str,
        messages: Vec<Message>,
        delay: Option<Duration>,
    ) -> Vec<Result<(), TransportError>> {
        self.each(messages, Some(queue), |message| self.inner.send(queue, vec![message], delay)).await
    }

    async fn receive(&self, queue: &str, max: usize, wait: Duration) -> Result<Vec<Delivery>, TransportError> {
        let until = from_now(wait);
        let moment = Moment { queue: Some(queue), ..Moment::default() };
        loop {
            let life = self.alive()?;
            let armed = self.shared.armed.notified();
            tokio::pin!(armed);
            armed.as_mut().enable();
            if self.shared.goes_wrong(What::FailReceive, &moment) {
                return Err(told("the broker does not answer"));
            }
            let death = async {
                match &life {
                    Some(life) => life.death().await,
                    None => std::future::pending().await,
                }
            };
            let left = until.saturating_duration_since(Instant::now());
            let deliveries = tokio::select! {
                biased;
                () = death => continue,
                () = &mut armed => continue,
                deliveries = self.inner.receive(queue, max, left) => deliveries?,
            };
            self.shared.journal.step();
            return self.received(life.as_ref(), queue, deliveries).await;
        }
    }

    async fn delete(&self, queue: &str, receipts: Vec<Receipt>) -> Vec<Result<(), TransportError>> {
        let mut answers = Vec::with_capacity(receipts.len());
        for receipt in receipts {
            answers.push(self.acknowledge(queue, receipt).await);
        }
        self.shared.journal.step();
        answers
    }

    async fn change_visibility(
        &self,
        queue: &str,
        receipts: Vec<(Receipt, Duration)>,
    ) -> Vec<Result<(), TransportError>> {
        let mut answers = Vec::with_capacity(receipts.len());
        for (receipt, time) in receipts {
            answers.push(self.rest(queue, receipt, time).await);
        }
        self.shared.journal.step();
        answers
    }

    async fn redrive(&self, queue: &str, letter: &Delivery, redrives: u32) -> Result<(), TransportError> {
        self.alive()?;
        let answer = Transport::redrive(&self.inner, queue, &Self::take_back(letter), redrives).await;
        self.shared.journal.step();
        answer
    }

    async fn start_move(&self, queue: &str) -> Result<String, TransportError> {
        self.alive()?;
        self.inner.start_move(queue).await
    }

    async fn move_status(&self, queue: &str, task: &str) -> Result<MoveStatus, TransportError> {
        self.alive()?;
        self.inner.move_status(queue, task).await
    }

    async fn dead_letter(&self, queue: &str, delivery: &Delivery, letter: &DeadLetter) -> Result<(), TransportError> {
        let life = self.alive()?;
        let (name, event_id) = identity(delivery);
        let subscriber = letter.subscriber.as_deref();
        let moment = Moment { queue: Some(queue), event: Some(&name), subscriber };
        if self.shared.crashes(life.as_ref(), Crash::BeforeDeadLetter, &moment) {
            return Err(self.last_words(life.as_ref()).await);
        }
        if self.shared.goes_wrong(What::FailDeadLetter, &moment) {
            return Err(told("the dead-letter queue does not take it"));
        }
        self.inner.dead_letter(queue, &Self::take_back(delivery), letter).await?;
        self.shared.journal.dead_lettered(queue, &event_id, subscriber);
        if self.shared.crashes(life.as_ref(), Crash::AfterDeadLetter, &moment) {
            return Err(self.last_words(life.as_ref()).await);
        }
        Ok(())
    }
}
