//! The calls that a bus makes, each handed to the service that answers it.

use std::time::Duration;

use melange::Problem;
use melange::transport::{
    Capabilities, DeadLetter, Delivery, Message, MoveStatus, Receipt, Setup, Topology, Transport, TransportError,
};

use super::AwsQueue;
use crate::{check, provision, publish_only, sns, sqs};

impl Transport for AwsQueue {
    fn capabilities(&self) -> Capabilities {
        Capabilities::wire(publish_only::NAME).with_format(self.aws.format).with_visibility(self.visibility)
    }

    fn own_queue(&self) -> &str {
        &self.name
    }

    fn without_prefix<'a>(&self, queue: &'a str) -> &'a str {
        queue.strip_prefix(self.aws.names().prefix.as_str()).unwrap_or(queue)
    }

    fn check(&self, topology: &Topology) -> Result<(), Vec<Problem>> {
        let mut problems = check::check(self.aws.names(), topology).err().unwrap_or_default();
        problems.extend(self.options.problems());
        #[cfg(feature = "signatures")]
        if let Some(verifier) = &self.verifier {
            problems.extend(verifier.problems(&self.aws, topology));
            verifier.learn(topology);
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    fn setup(&self, topology: &Topology) -> Setup {
        provision::setup(self, topology)
    }

    async fn prepare(&self, topology: &Topology) -> Result<(), TransportError> {
        provision::prepare(self, topology).await
    }

    async fn is_wanted(&self, topology: &Topology, queue: &str, event_type: &str) -> bool {
        provision::want(self, topology, queue, event_type).await
    }

    async fn publish(&self, messages: Vec<Message>) -> Vec<Result<(), TransportError>> {
        sns::publish(&self.aws, messages).await
    }

    async fn send(
        &self,
        queue: &str,
        messages: Vec<Message>,
        delay: Option<Duration>,
    ) -> Vec<Result<(), TransportError>> {
        sqs::send(&self.aws, queue, messages, delay).await
    }

    async fn receive(&self, queue: &str, max: usize, wait: Duration) -> Result<Vec<Delivery>, TransportError> {
        let received = sqs::receive(&self.aws, &self.polls, queue, max, wait, self.visibility).await;
        #[cfg(feature = "signatures")]
        if let Some(verifier) = &self.verifier {
            return verifier.verified(&self.aws, queue, received?).await;
        }
        received
    }

    async fn delete(&self, queue: &str, receipts: Vec<Receipt>) -> Vec<Result<(), TransportError>> {
        sqs::delete(&self.aws, queue, receipts).await
    }

    async fn change_visibility(
        &self,
        queue: &str,
        receipts: Vec<(Receipt, Duration)>,
    ) -> Vec<Result<(), TransportError>> {
        sqs::change_visibility(&self.aws, queue, receipts).await
    }

    async fn backlog(&self, queue: &str) -> Result<Option<u64>, TransportError> {
        sqs::backlog(&self.aws, queue).await
    }

    async fn redrive(&self, queue: &str, letter: &Delivery, redrives: u32) -> Result<(), TransportError> {
        sqs::redrive(&self.aws, queue, letter, redrives).await
    }

    async fn start_move(&self, queue: &str) -> Result<String, TransportError> {
        sqs::start_move(&self.aws, queue).await
    }

    async fn move_status(&self, queue: &str, task: &str) -> Result<MoveStatus, TransportError> {
        sqs::move_status(&self.aws, queue, task).await
    }

    async fn dead_letter(&self, queue: &str, delivery: &Delivery, letter: &DeadLetter) -> Result<(), TransportError> {
        sqs::dead_letter(&self.aws, queue, delivery, letter).await
    }
}
