//! The in-memory account with an eye on every call: it writes down what is published, and lets go wrong what a test
//! says.

mod checkpoint;
mod each;
mod receipt;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use checkpoint::Checkpoint;
use receipt::{attempt, identity, take_back};
use tokio::time::Instant;

use super::fault::{Crash, Moment, What};
use super::life::Life;
use super::shared::Shared;
use crate::Problem;
use crate::runtime::from_now;
use crate::transport::{
    Capabilities, DeadLetter, Delivery, MemoryTransport, Message, MoveStatus, Receipt, Topology, Transport,
    TransportError,
};

/// The transport of a [`TestAccount`](super::TestAccount): to publish through it, or to give it to a bus or a consumer
/// that the test starts itself. Cheap to clone.
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

impl TestTransport {
    /// The underlying account.
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

    /// A call at this moment.
    ///
    /// # Errors
    /// If whoever calls is dead.
    fn checkpoint<'a>(&'a self, moment: Moment<'a>) -> Result<Checkpoint<'a>, TransportError> {
        Ok(Checkpoint { shared: &self.shared, life: self.alive()?, moment })
    }
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

    fn check(&self, topology: &Topology) -> Result<(), Vec<Problem>> {
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
        self.publish_each(messages, None, |message| self.inner.publish(vec![message])).await
    }

    async fn send(
        &self,
        queue: &str,
        messages: Vec<Message>,
        delay: Option<Duration>,
    ) -> Vec<Result<(), TransportError>> {
        self.publish_each(messages, Some(queue), |message| self.inner.send(queue, vec![message], delay)).await
    }

    async fn receive(&self, queue: &str, max: usize, wait: Duration) -> Result<Vec<Delivery>, TransportError> {
        let until = from_now(wait);
        let moment = Moment { queue: Some(queue), ..Moment::default() };
        loop {
            let call = self.checkpoint(moment)?;
            let armed = self.shared.armed.notified();
            tokio::pin!(armed);
            armed.as_mut().enable();
            call.fault(What::FailReceive, "the broker does not answer")?;
            let left = until.saturating_duration_since(Instant::now());
            let deliveries = tokio::select! {
                biased;
                () = call.death() => continue,
                () = &mut armed => continue,
                deliveries = self.inner.receive(queue, max, left) => deliveries?,
            };
            self.shared.journal.step();
            return self.received(call, deliveries).await;
        }
    }

    async fn delete(&self, queue: &str, receipts: Vec<Receipt>) -> Vec<Result<(), TransportError>> {
        let mut answers = Vec::with_capacity(receipts.len());
        for receipt in receipts {
            answers.push(self.delete_one(queue, receipt).await);
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
            answers.push(self.hide_one(queue, receipt, time).await);
        }
        self.shared.journal.step();
        answers
    }

    async fn redrive(&self, queue: &str, letter: &Delivery, redrives: u32) -> Result<(), TransportError> {
        self.alive()?;
        let answer = Transport::redrive(&self.inner, queue, &take_back(letter), redrives).await;
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
        let (name, event_id) = identity(delivery);
        let subscriber = letter.subscriber.as_deref();
        let call = self.checkpoint(Moment { queue: Some(queue), event: Some(&name), subscriber })?;
        call.crash(Crash::BeforeDeadLetter).await?;
        call.fault(What::FailDeadLetter, "the dead-letter queue does not take it")?;
        self.inner.dead_letter(queue, &take_back(delivery), letter).await?;
        self.shared.journal.dead_lettered(queue, &event_id, attempt(delivery), subscriber);
        if subscriber.is_none() {
            // Nobody ran on it, so nothing else tells of it.
            let what = if name.is_empty() { "a message" } else { name.as_str() };
            self.shared
                .journal
                .note(format!("dead-lettered without a run: {what} on queue `{queue}` ({})", letter.reason));
        }
        call.crash(Crash::AfterDeadLetter).await
    }
}
