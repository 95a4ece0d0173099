//! The topology under the names and ARNs of the account.

use std::collections::{BTreeMap, BTreeSet};

use melange::transport::{QueuePlan, TopicFilter, Topology, TransportError};

use super::filter::MOST_NAMES;
use crate::AwsQueue;
use crate::names::{Names, dead_letter_queue, is_fifo, region_of};

/// What there should be, in the order in which it is made: nothing is fed before it can take it.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) topics: Vec<Topic>,
    pub(super) dead_letter_queues: Vec<Queue>,
    pub(super) queues: Vec<Queue>,
    pub(super) feeds: Vec<Feed>,
}

#[derive(Debug)]
pub(super) struct Topic {
    pub(super) name: String,
    pub(super) arn: String,
    /// It is someone else's: looked at where that is allowed, never made or changed.
    pub(super) elsewhere: bool,
    /// A FIFO topic that counts and compares within message groups.
    pub(super) by_group: bool,
    /// It signs by SHA-256.
    pub(super) sha256: bool,
    pub(super) tags: BTreeMap<String, String>,
}

#[derive(Debug)]
pub(super) struct Queue {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) role: Role,
    /// The ARNs of the topics that send to it.
    pub(super) senders: BTreeSet<String>,
    pub(super) kms_key: Option<String>,
    /// A FIFO queue that counts and compares within message groups.
    pub(super) by_group: bool,
    pub(super) tags: BTreeMap<String, String>,
}

/// What a queue is for.
#[derive(Debug)]
pub(super) enum Role {
    /// Subscribers consume from it.
    Consumed(Consumed),
    /// It takes what the subscribers of the queue with this ARN gave up.
    DeadLetters { of: String },
}

#[derive(Debug)]
pub(super) struct Consumed {
    /// In seconds.
    pub(super) visibility: u64,
    /// In seconds, if it was asked for.
    pub(super) retention: Option<u64>,
    pub(super) dlq: String,
    pub(super) dlq_arn: String,
    pub(super) max_receives: u32,
}

/// A subscription.
#[derive(Debug)]
pub(super) struct Feed {
    pub(super) topic: String,
    pub(super) topic_arn: String,
    pub(super) elsewhere: bool,
    pub(super) queue: String,
    pub(super) queue_arn: String,
    pub(super) raw: bool,
    /// The event names that may pass; `None` for all.
    pub(super) names: Option<BTreeSet<String>>,
    /// Others may not.
    pub(super) exact: bool,
    /// Where what cannot be delivered goes, if that was asked for.
    pub(super) dlq_arn: Option<String>,
    /// Why it goes nowhere, although that was asked for.
    pub(super) no_dlq: Option<&'static str>,
}

impl Wanted {
    pub(super) async fn of(transport: &AwsQueue, topology: &Topology) -> Result<Self, TransportError> {
        Self::at(transport, topology, transport.aws().names(), transport.aws().account_id().await?)
    }

    /// Under these names, in this account.
    pub(super) fn at(
        transport: &AwsQueue,
        topology: &Topology,
        names: &Names,
        account: &str,
    ) -> Result<Self, TransportError> {
        let mut wanted = Self {
            topics: topics(transport, topology, names, account)?,
            dead_letter_queues: Vec::new(),
            queues: Vec::new(),
            feeds: Vec::new(),
        };
        for plan in &topology.queues {
            let feeds = feeds(transport, plan, names, account)?;
            let (queue, dlq) = queues(transport, plan, &feeds, names, account)?;
            wanted.dead_letter_queues.push(dlq);
            wanted.queues.push(queue);
            wanted.feeds.extend(feeds);
        }
        Ok(wanted)
    }
}

fn topics(
    transport: &AwsQueue,
    topology: &Topology,
    names: &Names,
    account: &str,
) -> Result<Vec<Topic>, TransportError> {
    let options = &transport.options;
    let listened: BTreeSet<&String> =
        topology.queues.iter().flat_map(|queue| &queue.topics).map(|filter| &filter.topic).collect();
    let topic = |topic: &String| {
        let name = names.topic(topic);
        let arn = names.topic_arn(topic, account)?;
        let elsewhere = names.is_elsewhere(topic);
        let by_group = options.high_throughput && is_fifo(&name) && !elsewhere;
        let sha256 = options.sha256 && listened.contains(topic);
        Ok((arn.clone(), Topic { name, arn, elsewhere, by_group, sha256, tags: options.tags.clone() }))
    };
    let topics: BTreeMap<String, Topic> =
        topology.topics.iter().chain(listened.iter().copied()).map(topic).collect::<Result<_, TransportError>>()?;
    Ok(topics.into_values().collect())
}

fn queues(
    transport: &AwsQueue,
    plan: &QueuePlan,
    feeds: &[Feed],
    names: &Names,
    account: &str,
) -> Result<(Queue, Queue), TransportError> {
    let options = &transport.options;
    let name = names.queue(&plan.name);
    let dlq = dead_letter_queue(&name);
    let dlq_arn = names.queue_arn(&dlq, account)?;
    let max_receives = plan.max_receives.max(options.max_receives.unwrap_or_default()).clamp(1, 1000);
    let consumed = Consumed {
        visibility: plan.visibility.as_secs().clamp(1, 43_200),
        retention: options.retention.map(|retention| retention.as_secs()),
        dlq: dlq.clone(),
        dlq_arn: dlq_arn.clone(),
        max_receives,
    };
    let queue = Queue {
        arn: names.queue_arn(&name, account)?,
        by_group: options.high_throughput && is_fifo(&name),
        name,
        role: Role::Consumed(consumed),
        senders: feeds.iter().map(|feed| feed.topic_arn.clone()).collect(),
        kms_key: options.kms_key.clone(),
        tags: options.tags.clone(),
    };
    let dlq = Queue {
        name: dlq,
        arn: dlq_arn,
        role: Role::DeadLetters { of: queue.arn.clone() },
        senders: feeds.iter().filter(|feed| feed.dlq_arn.is_some()).map(|feed| feed.topic_arn.clone()).collect(),
        kms_key: options.kms_key.clone(),
        by_group: false,
        tags: options.tags.clone(),
    };
    Ok((queue, dlq))
}

pub(super) fn feeds(
    transport: &AwsQueue,
    plan: &QueuePlan,
    names: &Names,
    account: &str,
) -> Result<Vec<Feed>, TransportError> {
    let options = &transport.options;
    let queue = names.queue(&plan.name);
    let feed = |filter: &TopicFilter| {
        let filtered = transport.filtered && (1..=MOST_NAMES).contains(&filter.event_types.len());
        let topic = names.topic(&filter.topic);
        let topic_arn = names.topic_arn(&filter.topic, account)?;
        // Source: the SNS developer guide, dead-letter queues: of the same region and the same kind.
        let no_dlq = if region_of(&topic_arn) != names.region.as_deref() {
            Some("SNS puts it into queues of its own region only")
        } else if is_fifo(&topic) != is_fifo(&queue) {
            Some("of a FIFO topic, SNS puts it into FIFO queues only")
        } else {
            None
        };
        Ok(Feed {
            dlq_arn: (options.keep_undelivered && no_dlq.is_none())
                .then(|| names.queue_arn(&dead_letter_queue(&queue), account))
                .transpose()?,
            no_dlq: no_dlq.filter(|_| options.keep_undelivered),
            topic,
            topic_arn,
            elsewhere: names.is_elsewhere(&filter.topic),
            queue_arn: names.queue_arn(&queue, account)?,
            queue: queue.clone(),
            raw: transport.raw,
            names: filtered.then(|| filter.event_types.clone()),
            exact: options.exact_filter,
        })
    };
    plan.topics.iter().map(feed).collect()
}

impl Queue {
    pub(super) fn is_fifo(&self) -> bool {
        is_fifo(&self.name)
    }

    /// What to call it, as in "queue billing".
    pub(super) fn called(&self) -> String {
        match self.role {
            Role::Consumed(_) => format!("queue {}", self.name),
            Role::DeadLetters { .. } => format!("dead-letter queue {}", self.name),
        }
    }
}

impl Feed {
    /// Whether events of this name should come through.
    pub(super) fn lets_pass(&self, name: &str) -> bool {
        self.names.as_ref().is_none_or(|names| names.contains(name))
    }

    /// What to call it.
    pub(super) fn called(&self) -> String {
        format!("the subscription of queue {} to topic {}", self.queue, self.topic)
    }
}
