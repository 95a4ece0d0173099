//! [`Aws`] as a transport that only publishes and sends.

use std::time::Duration;

use melange::transport::{
    Capabilities, DeadLetter, Delivery, Message, Receipt, Setup, Topology, Transport, TransportError,
    TransportErrorKind,
};
use melange::{Problem, ProblemKind};

use crate::{Aws, check, provision, sns, sqs};

pub(crate) const NAME: &str = "AWS";

impl Transport for Aws {
    fn capabilities(&self) -> Capabilities {
        Capabilities::wire(NAME).with_format(self.format)
    }

    fn own_queue(&self) -> &str {
        ""
    }

    fn check(&self, topology: &Topology) -> Result<(), Vec<Problem>> {
        if let Some(queue) = topology.queues.first() {
            let name = if queue.name.is_empty() { "billing" } else { &queue.name };
            let fix = format!("give the transport a queue: `aws.queue({name:?})`");
            let what = "`aws` itself only publishes, and there are subscribers";
            return Err(vec![Problem::new(ProblemKind::IllegalOption, what, fix)]);
        }
        check::check(self.names(), topology)
    }

    fn setup(&self, topology: &Topology) -> Setup {
        provision::names_only(self, Setup::of(topology, |queue| self.dead_letter_queue(queue)))
    }

    async fn prepare(&self, _: &Topology) -> Result<(), TransportError> {
        Ok(())
    }

    async fn publish(&self, messages: Vec<Message>) -> Vec<Result<(), TransportError>> {
        sns::publish(self, messages).await
    }

    async fn send(
        &self,
        queue: &str,
        messages: Vec<Message>,
        delay: Option<Duration>,
    ) -> Vec<Result<(), TransportError>> {
        sqs::send(self, queue, messages, delay).await
    }

    async fn receive(&self, _: &str, _: usize, _: Duration) -> Result<Vec<Delivery>, TransportError> {
        Err(only_publishes())
    }

    async fn delete(&self, _: &str, receipts: Vec<Receipt>) -> Vec<Result<(), TransportError>> {
        receipts.iter().map(|_| Err(only_publishes())).collect()
    }

    async fn change_visibility(&self, _: &str, receipts: Vec<(Receipt, Duration)>) -> Vec<Result<(), TransportError>> {
        receipts.iter().map(|_| Err(only_publishes())).collect()
    }

    async fn dead_letter(&self, _: &str, _: &Delivery, _: &DeadLetter) -> Result<(), TransportError> {
        Err(only_publishes())
    }
}

fn only_publishes() -> TransportError {
    TransportError::new(
        TransportErrorKind::Configuration,
        "`aws` itself only publishes; consume from a queue: `aws.queue(\"billing\")`",
    )
}
