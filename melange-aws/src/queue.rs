//! [`AwsQueue`]: the transport that publishes to SNS and consumes from SQS.

use std::sync::Arc;
use std::time::Duration;

use melange::Format;
use melange::transport::{
    Capabilities, DeadLetter, Delivery, Message, MoveStatus, Receipt, Setup, Topology, Transport, TransportError,
};

use crate::provision::{self, Options, Others, Plan, Provision};
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
    pub(crate) options: Options,
    visibility: Duration,
    polls: Arc<Polls>,
    pub(crate) others: Arc<Others>,
    #[cfg(feature = "signatures")]
    verifier: Option<Arc<sqs::Verifier>>,
}

impl AwsQueue {
    pub(crate) fn new(aws: Aws, name: String) -> Self {
        Self {
            aws,
            name,
            provision: Provision::default(),
            raw: true,
            filtered: true,
            options: Options::default(),
            visibility: VISIBILITY,
            polls: Arc::default(),
            others: Arc::default(),
            #[cfg(feature = "signatures")]
            verifier: None,
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

    /// Verifies the signature of SNS on everything that comes from the queues, so that who may send to a queue still cannot
    /// make up events: they must be of a topic that the queue is subscribed to, or of one that `signatures` allows besides.
    /// It subscribes [`wrapped`](Self::wrapped), since raw delivery has no signatures.
    ///
    /// What is not verified goes to the dead-letter queue with the reason; that is so of raw messages, and of what
    /// [`send_to`](melange::MessagePublisher::send_to) brings, too. While SNS's certificate cannot be had, messages go back
    /// and come again. The age of a message does not matter, and a copy of a message that SNS signed is as good as the
    /// message: handlers have to bear duplicates anyhow.
    ///
    /// A topic signs by SHA-1 until it is told otherwise, which is not taken unless `signatures` allows it. So the topics that the
    /// queues are subscribed to must have their attribute `SignatureVersion` set to 2, as [`Provision::Create`] does: others
    /// who verify letters of the topic must know that version, too.
    ///
    /// SNS does not sign what FIFO topics deliver, which is found at `build()`.
    ///
    /// Message attributes are not signed, and so do not say which event it is, as they could otherwise: its body has to. Of
    /// them only the trace context comes along.
    ///
    /// ```no_run
    /// # async fn example() {
    /// use melange_aws::Aws;
    /// use melange_aws::signature::SnsSignatures;
    ///
    /// let transport = Aws::from_env().await.queue("billing").verify_signatures(SnsSignatures::new());
    /// # let _ = transport;
    /// # }
    /// ```
    #[cfg(feature = "signatures")]
    #[cfg_attr(docsrs, doc(cfg(feature = "signatures")))]
    #[must_use]
    pub fn verify_signatures(mut self, signatures: crate::signature::SnsSignatures) -> Self {
        self.raw = false;
        self.options.sha256 = !signatures.takes_version_1();
        self.verifier = Some(Arc::new(sqs::Verifier::new(signatures)));
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

    /// Makes filter policies narrower too: what nobody here listens to no longer comes through, and where there is no filter
    /// policy there will be one. Without it they are only made wider, since an older version of the service, which runs until
    /// the new one has replaced it, may listen to more.
    ///
    /// Ask for it when only one version is left.
    #[must_use]
    pub fn exact_filter(mut self) -> Self {
        self.options.exact_filter = true;
        self
    }

    /// Has what SNS cannot deliver into the queue put into the queue's dead-letter queue, instead of dropped: the queue was
    /// deleted, its policy or key does not let SNS send. It is a redrive policy on each subscription, and the dead-letter
    /// queue's policy then lets the topics send to it.
    ///
    /// SNS wants the dead-letter queue in the topic's region and of its kind. Subscriptions to topics of other regions, and
    /// of a standard queue to a FIFO topic, stay without.
    #[must_use]
    pub fn keep_undelivered(mut self) -> Self {
        self.options.keep_undelivered = true;
        self
    }

    /// Has FIFO queues and topics count their throughput, and look for duplicates, within each message group, instead of
    /// over all of them: `DeduplicationScope` and `FifoThroughputLimit` of queues, `FifoThroughputScope` of topics. Standard
    /// ones have no such limits and stay as they are.
    ///
    /// **A topic cannot be set back.**
    #[must_use]
    pub fn high_throughput(mut self) -> Self {
        self.options.high_throughput = true;
        self
    }

    /// Has the queue and its dead-letter queue encrypted with this KMS key, by its id, alias or ARN, instead of by SQS
    /// itself. A key that SNS is not allowed to use keeps everything out; its policy must hold:
    ///
    /// ```json
    /// { "Effect": "Allow", "Principal": { "Service": "sns.amazonaws.com" },
    ///   "Action": ["kms:GenerateDataKey*", "kms:Decrypt"], "Resource": "*" }
    /// ```
    ///
    /// Who consumes needs `kms:Decrypt`, and for dead letters `kms:GenerateDataKey`.
    #[must_use]
    pub fn kms_key(mut self, key: impl Into<String>) -> Self {
        self.options.kms_key = Some(key.into());
        self
    }

    /// How long the queue keeps a message that nobody deletes, between 60 seconds and 14 days; what SQS does by itself, 4
    /// days, unless said otherwise. Dead-letter queues keep theirs for 14 days.
    ///
    /// Where the queue kept them longer, older messages are deleted.
    #[must_use]
    pub fn retention(mut self, retention: Duration) -> Self {
        self.options.retention = Some(retention);
        self
    }

    /// How often a message is received before SQS itself puts it into the dead-letter queue, if that is more than the
    /// subscribers need: five times more than the most patient of them has attempts. At most 1,000.
    #[must_use]
    pub fn max_receives(mut self, receives: u32) -> Self {
        self.options.max_receives = Some(receives);
        self
    }

    /// A tag for the queues, their dead-letter queues and the topics of this account. Tags of others stay; where a topic has
    /// the tag with another value, that stays too, since services share topics.
    #[must_use]
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.tags.insert(key.into(), value.into());
        self
    }

    /// What differs between AWS and what `topology` needs, whatever [`provision`](Self::provision) says. Reads only.
    ///
    /// # Errors
    /// What AWS, or the way to it, had to say. If some of it may not be looked at, the error names each action and resource,
    /// and lists what differs in the rest.
    pub async fn plan(&self, topology: &Topology) -> Result<Plan, TransportError> {
        provision::plan(self, topology).await
    }

    /// Makes what is missing on AWS and mends what has drifted, once, as [`Provision::Create`] does at start, whatever
    /// [`provision`](Self::provision) says. Consumes nothing. The plan it returns is what has been done.
    ///
    /// # Errors
    /// What AWS, or the way to it, had to say; what only a person can mend, and then nothing is made or changed.
    pub async fn apply(&self, topology: &Topology) -> Result<Plan, TransportError> {
        provision::apply(self, topology).await
    }

    /// How long a received message is invisible to others unless its lease is extended, which happens at half of it: 30
    /// seconds unless said otherwise, between 1 second and 12 hours, rounded up to whole seconds. After a crash it is how
    /// long what was in hand stays away. It is asked for at every receive, whatever the queue's own is.
    #[must_use]
    pub fn visibility(mut self, visibility: Duration) -> Self {
        // SQS counts in seconds, and whoever extends a lease must count as it does.
        let seconds = visibility.as_secs().saturating_add(u64::from(visibility.subsec_nanos() > 0));
        self.visibility = Duration::from_secs(seconds.clamp(1, 12 * 60 * 60));
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

    fn without_prefix<'a>(&self, queue: &'a str) -> &'a str {
        queue.strip_prefix(self.aws.names().prefix.as_str()).unwrap_or(queue)
    }

    fn check(&self, topology: &Topology) -> Result<(), Vec<String>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_counts_on_more_visibility_than_is_asked_for() {
        let config = aws_config::SdkConfig::builder().build();
        let counted = |millis| {
            let queue = Aws::from_config(&config).queue("billing").visibility(Duration::from_millis(millis));
            queue.capabilities().visibility.as_millis()
        };
        assert_eq!([0, 1, 1000, 1001, 1999, 30_000].map(counted), [1000, 1000, 1000, 2000, 2000, 30_000]);
        assert_eq!(counted(u64::MAX), 43_200_000);
    }
}
