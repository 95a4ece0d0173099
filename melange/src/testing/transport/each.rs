//! Messages one after the other, so that something can go wrong with each.

use std::time::Duration;

use super::TestTransport;
use super::checkpoint::Checkpoint;
use super::receipt::{TestReceipt, hand_out, inner};
use crate::testing::fault::{Crash, Moment, What};
use crate::testing::journal::PublishedEntry;
use crate::transport::{Delivery, Message, Receipt, Transport as _, TransportError};

type Answers = Vec<Result<(), TransportError>>;

/// What was answered for the only message that was asked about.
fn only(mut answers: Answers) -> Result<(), TransportError> {
    answers.pop().unwrap_or_else(|| Err(TransportError::no_answer()))
}

impl TestTransport {
    /// Publishes by `go`.
    pub(super) async fn publish_each<F: Future<Output = Answers>>(
        &self,
        messages: Vec<Message>,
        queue: Option<&str>,
        go: impl Fn(Message) -> F,
    ) -> Answers {
        let mut answers = Vec::with_capacity(messages.len());
        for message in messages {
            answers.push(self.publish_one(message, queue, &go).await);
        }
        answers
    }

    async fn publish_one<F: Future<Output = Answers>>(
        &self,
        message: Message,
        queue: Option<&str>,
        go: impl Fn(Message) -> F,
    ) -> Result<(), TransportError> {
        let call = self.checkpoint(Moment { queue, event: Some(message.event.name()), subscriber: None })?;
        call.crash(Crash::BeforePublish).await?;
        call.fault(What::FailPublish, "the broker does not take it").map_err(TransportError::certain)?;
        let entry = PublishedEntry::of(&message, queue, self.shared.journal.place());
        only(go(message).await)?;
        self.shared.journal.published(entry);
        call.crash(Crash::AfterPublish).await?;
        call.fault(What::LosePublishAnswer, "the broker's answer is lost").map_err(TransportError::uncertain)
    }

    pub(super) async fn delete_one(&self, queue: &str, receipt: Receipt) -> Result<(), TransportError> {
        let name = receipt.get::<TestReceipt>().map(|known| known.name.clone());
        let call = self.checkpoint(Moment { queue: Some(queue), event: name.as_deref(), subscriber: None })?;
        call.crash(Crash::BeforeAck).await?;
        call.fault(What::FailAck, "the broker does not delete it")?;
        if call.goes_wrong(What::LoseAck) {
            return Ok(());
        }
        let receipt = inner(&receipt);
        only(if call.goes_wrong(What::DeliverTwice) {
            self.inner.change_visibility(queue, vec![(receipt, Duration::ZERO)]).await
        } else {
            self.inner.delete(queue, vec![receipt]).await
        })?;
        call.crash(Crash::AfterAck).await
    }

    /// Comes again after `time`; it is a retry if a subscriber failed on it.
    pub(super) async fn hide_one(&self, queue: &str, receipt: Receipt, time: Duration) -> Result<(), TransportError> {
        let journal = &self.shared.journal;
        let known = receipt.get::<TestReceipt>();
        let retried = known.filter(|known| journal.is_to_be_retried(queue, &known.event_id, known.attempt));
        let event = retried.map(|known| known.name.as_str());
        let call = self.checkpoint(Moment { queue: Some(queue), event, subscriber: None })?;
        if retried.is_some() {
            call.crash(Crash::BeforeRetry).await?;
        }
        only(self.inner.change_visibility(queue, vec![(inner(&receipt), time)]).await)?;
        if let Some(known) = retried {
            journal.retried(queue, &known.event_id, known.attempt, time);
            call.crash(Crash::AfterRetry).await?;
        }
        Ok(())
    }

    /// What `call` has received, unless it is lost.
    pub(super) async fn received(
        &self,
        call: Checkpoint<'_>,
        deliveries: Vec<Delivery>,
    ) -> Result<Vec<Delivery>, TransportError> {
        let deliveries: Vec<Delivery> = deliveries.into_iter().map(hand_out).collect();
        for delivery in &deliveries {
            let event = delivery.receipt.get::<TestReceipt>().map(|known| known.name.as_str());
            let call = Checkpoint { moment: Moment { event, ..call.moment }, life: call.life.clone(), ..call };
            call.crash(Crash::AfterReceive).await?;
            call.fault(What::LoseReceived, "what was received is lost")?;
        }
        Ok(deliveries)
    }
}
