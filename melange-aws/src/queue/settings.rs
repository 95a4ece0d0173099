//! The settings of a queue: how it is created, subscribed and read.

#[cfg(feature = "signatures")]
use std::sync::Arc;
use std::time::Duration;

use melange::Format;

use super::AwsQueue;
use crate::provision::Provision;
#[cfg(feature = "signatures")]
use crate::sqs::Verifier;

impl AwsQueue {
    /// What `start()` does about topics and queues: [`Provision::Verify`] by default.
    #[must_use]
    pub fn provision(mut self, provision: Provision) -> Self {
        self.provision = provision;
        self
    }

    /// Subscribes without raw message delivery, so that messages come in the SNS envelope: for a queue that is also
    /// read by others who need the envelope, as every Python melange does, or its signature. Both forms can be read.
    #[must_use]
    pub fn wrapped(mut self) -> Self {
        self.raw = false;
        self
    }

    /// Verifies the SNS signature of every message from the queues, so that even a sender with access to a queue cannot
    /// forge events: they must be from a topic that the queue is subscribed to, or from one that `signatures` also
    /// allows. It subscribes [`wrapped`](Self::wrapped), because raw message delivery has no signatures.
    ///
    /// Messages that fail verification go to the dead-letter queue with the reason; so do raw messages, and those sent
    /// with [`send_to`](melange::MessagePublisher::send_to). While SNS's certificate is unavailable, messages are
    /// returned to the queue and redelivered. The age of a message does not matter, and a copy of a message that SNS
    /// signed is accepted like the original: handlers must tolerate duplicates anyway.
    ///
    /// By default a topic signs with SHA-1, which is refused unless `signatures` allows it. So the topics that the
    /// queues are subscribed to must have their attribute `SignatureVersion` set to 2, as [`Provision::Create`] does:
    /// others who verify messages of the topic must support that version, too.
    ///
    /// SNS does not sign deliveries from FIFO topics; `build()` reports those.
    ///
    /// Message attributes are not signed, so the event's name is taken from the body only, and of the attributes only
    /// the trace context is passed on.
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
        self.verifier = Some(Arc::new(Verifier::new(signatures)));
        self
    }

    /// Subscribes without filter policies: for topics on which others send an `event_type` that is not the event's
    /// name, as Python melange 6 with its `JsonSQSSerializer` does ("json"). Such messages do not pass the filter;
    /// messages without an `event_type` do.
    #[must_use]
    pub fn unfiltered(mut self) -> Self {
        self.filtered = false;
        self
    }

    /// Also narrows filter policies: events that nobody here listens to no longer pass, and a subscription without a
    /// filter policy gets one. Without this, filter policies are only widened, because an older version of the service,
    /// which runs until the new one has replaced it, may listen to more.
    ///
    /// Use it when only one version is left.
    #[must_use]
    pub fn exact_filter(mut self) -> Self {
        self.options.exact_filter = true;
        self
    }

    /// Sends messages that SNS cannot deliver to the queue's dead-letter queue, instead of dropping them: because the
    /// queue was deleted, or its policy or key does not let SNS send. This sets a redrive policy on each subscription,
    /// and the dead-letter queue's policy then lets the topics send to it.
    ///
    /// SNS requires the dead-letter queue to be in the topic's region and of its kind. Subscriptions to topics in other
    /// regions, and of a standard queue to a FIFO topic, get no redrive policy.
    #[must_use]
    pub fn keep_undelivered(mut self) -> Self {
        self.options.keep_undelivered = true;
        self
    }

    /// Applies throughput limits and deduplication of FIFO queues and topics to each message group, instead of to the
    /// whole: `DeduplicationScope` and `FifoThroughputLimit` of queues, `FifoThroughputScope` of topics. Standard ones
    /// have no such limits and stay as they are.
    ///
    /// **For a topic, this cannot be undone.**
    #[must_use]
    pub fn high_throughput(mut self) -> Self {
        self.options.high_throughput = true;
        self
    }

    /// Encrypts the queue and its dead-letter queue with this KMS key, given by its id, alias or ARN, instead of with
    /// the key of SQS. If SNS is not allowed to use the key, no message is delivered; its policy must contain:
    ///
    /// ```json
    /// { "Effect": "Allow", "Principal": { "Service": "sns.amazonaws.com" },
    ///   "Action": ["kms:GenerateDataKey*", "kms:Decrypt"], "Resource": "*" }
    /// ```
    ///
    /// Consumers need `kms:Decrypt`, and for dead letters `kms:GenerateDataKey`.
    #[must_use]
    pub fn kms_key(mut self, key: impl Into<String>) -> Self {
        self.options.kms_key = Some(key.into());
        self
    }

    /// The retention period of the queue, between 60 seconds and 14 days; 4 days by default, as SQS has it. Dead-letter
    /// queues keep messages for 14 days.
    ///
    /// If the queue had a longer one, older messages are deleted.
    #[must_use]
    pub fn retention(mut self, retention: Duration) -> Self {
        self.options.retention = Some(retention);
        self
    }

    /// The `maxReceiveCount`: how often a message is received before SQS itself moves it to the dead-letter queue, if
    /// that is more than the subscribers need, which is five more than the largest number of attempts. At most 1,000.
    #[must_use]
    pub fn max_receives(mut self, receives: u32) -> Self {
        self.options.max_receives = Some(receives);
        self
    }

    /// Adds a tag to the queues, their dead-letter queues and the topics of this account. Other tags stay; if a topic
    /// has the tag with another value, that stays too, because services share topics.
    #[must_use]
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.tags.insert(key.into(), value.into());
        self
    }

    /// The visibility timeout: 30 seconds by default, between 1 second and 12 hours, rounded up to whole seconds. It is
    /// extended at half of it while a message is handled. After a crash, messages that were in flight stay invisible
    /// for this long. It is requested with every receive, whatever the queue's own is.
    #[must_use]
    pub fn visibility(mut self, visibility: Duration) -> Self {
        // SQS counts in seconds, and whoever extends a lease must count as it does.
        let seconds = visibility.as_secs().saturating_add(u64::from(visibility.subsec_nanos() > 0));
        self.visibility = Duration::from_secs(seconds.clamp(1, 12 * 60 * 60));
        self
    }

    /// Sets the format to write. When reading, every format is recognised.
    #[must_use]
    pub fn format(mut self, format: Format) -> Self {
        self.aws = self.aws.format(format);
        self
    }
}

#[cfg(test)]
mod tests {
    use melange::transport::Transport;

    use super::*;
    use crate::Aws;

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
