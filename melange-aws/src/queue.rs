//! [`AwsQueue`]: the transport that publishes to SNS and consumes from SQS.

use std::sync::Arc;
use std::time::Duration;

use melange::Format;
use melange::transport::{Capabilities, DeadLetter, Delivery, Message, Receipt, Topology, Transport, TransportError};

use crate::provision::{self, Provision};
use crate::sqs::{self, Polls};
use crate::{Aws, check, publish_only, sns};

/// How long a received message is invisible to others, unless its lease is extended.
const VISIBILITY: Duration = Duration::from_secs(30);

/// The transport of a service on AWS: it publishes to SNS topics, and consumes from this queue, and from those that
/// subscribers name themselves. Made by [`Aws::queue`].
///
/// ```no_run
/// # async fn example() {
/// use melange_aws::{Aws, Provision};
///
/// let transport = Aws::from_env().await.queue("billing").provision(Provision::Create);
/// # let _ = transport;
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct AwsQueue {
    aws: Aws,
    name: String,
    pub(crate) provision: Provision,
    pub(crate) raw: bool,
    pub(crate) filtered: bool,
    visibility: Duration,
    polls: Arc<Polls>,
}

impl AwsQueue {
    pub(crate) fn new(aws: Aws, name: String) -> Self {
        Self {
            aws,
            name,
            provision: Provision::default(),
            raw: true,
            filtered: true,
            visibility: VISIBILITY,
            polls: Arc::default(),
        }
    }

    /// What `start()` does about topics and queues: [`Provision::Verify`] unless said otherwise.
    #[must_use]
    pub fn provision(mut self, provision: Provision) -> Self {
        self.provision = provision;
        self
    }

    /// Subscribes for messages in the envelope of SNS instead of raw delivery: for a queue that others read too and that
    /// want the envelope, as every Python melange does, or its signature. Both are understood when reading.
    #[must_use]
    pub fn wrapped(mut self) -> Self {
        self.raw = false;
        self
    }

    /// Subscribes without filter policies: for topics on which others send an `event_type` that is not the event's name, as
    /// Python melange 6 with its `JsonSQSSerializer` does ("json"). Such messages do not pass the filter; messages without
    /// an `event_type` do.
    #[must_use]
    pub fn unfiltered(mut self) -> Self {
        self.filtered = false;
        self
    }

    /// How long a received message is invisible to others unless its lease is extended, which happens at half of it: 30
    /// seconds unless said otherwise, between 1 second and 12 hours. After a crash it is how long what was in hand stays
    /// away. It is asked for at every receive, whatever the queue's own is.
    #[must_use]
    pub fn visibility(mut self, visibility: Duration) -> Self {
        self.visibility = visibility.clamp(Duration::from_secs(1), Duration::from_secs(12 * 60 * 60));
        self
    }

    /// Writes bodies in this format. Every format is recognised when reading.
    #[must_use]
    pub fn format(mut self, format: Format) -> Self {
        self.aws = self.aws.format(format);
        self
    }

    pub(crate) fn aws(&self) -> &Aws {
        &self.aws
    }
}

impl Transport for AwsQueue {
    fn capabilities(&self) -> Capabilities {
        Capabilities::wire(publish_only::NAME).with_format(self.aws.format).with_visibility(self.visibility)
    }

    fn own_queue(&self) -> &str {
        &self.name
    }

    fn check(&self, topology: &Topology) -> Result<(), Vec<String>> {
        check::check(self.aws.names(), topology)
    }

    async fn prepare(&self, topology: &Topology) -> Result<(), TransportError> {
        provision::prepare(self, topology).await
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
        sqs::receive(&self.aws, &self.polls, queue, max, wait, self.visibility).await
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

    async fn dead_letter(&self, queue: &str, delivery: &Delivery, letter: &DeadLetter) -> Result<(), TransportError> {
        sqs::dead_letter(&self.aws, queue, delivery, letter).await
    }
}
