//! The topology under the names and ARNs of the account.

use std::collections::{BTreeMap, BTreeSet};

use melange::transport::{QueuePlan, Topology, TransportError};

use crate::AwsQueue;
use crate::names::{dead_letter_queue, is_fifo};

/// Most names in a filter policy. Source: the SNS developer guide, filter policy constraints.
pub(super) const MOST_NAMES: usize = 149;

/// What there should be.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) topics: Vec<Topic>,
    pub(super) queues: Vec<Queue>,
}

#[derive(Debug)]
pub(super) struct Topic {
    pub(super) name: String,
    pub(super) arn: String,
    /// It is someone else's: looked at where that is allowed, never made.
    pub(super) elsewhere: bool,
}

#[derive(Debug)]
pub(super) struct Queue {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) dlq: String,
    pub(super) dlq_arn: String,
    pub(super) visibility: u64,
    pub(super) max_receives: u32,
    pub(super) feeds: Vec<Feed>,
}

/// A subscription.
#[derive(Debug)]
pub(super) struct Feed {
    pub(super) topic: String,
    pub(super) topic_arn: String,
    pub(super) elsewhere: bool,
    pub(super) raw: bool,
    /// The event names that may pass; `None` for all.
    pub(super) names: Option<BTreeSet<String>>,
}

impl Wanted {
    pub(super) async fn of(transport: &AwsQueue, topology: &Topology) -> Result<Self, TransportError> {
        let aws = transport.aws();
        let account = aws.account_id().await?;
        let listened = topology.queues.iter().flat_map(|queue| &queue.topics).map(|filter| &filter.topic);
        let topic = |topic: &String| {
            let arn = aws.names().topic_arn(topic, account)?;
            let elsewhere = aws.names().is_elsewhere(topic);
            Ok((arn.clone(), Topic { name: aws.names().topic(topic), arn, elsewhere }))
        };
        let topics: BTreeMap<String, Topic> =
            topology.topics.iter().chain(listened).map(topic).collect::<Result<_, TransportError>>()?;
        let queues = topology.queues.iter().map(|plan| queue(transport, plan, account)).collect::<Result<_, _>>()?;
        Ok(Self { topics: topics.into_values().collect(), queues })
    }
}

fn queue(transport: &AwsQueue, plan: &QueuePlan, account: &str) -> Result<Queue, TransportError> {
    let names = transport.aws().names();
    let name = names.queue(&plan.name);
    let dlq = dead_letter_queue(&name);
    let feed = |filter: &melange::transport::TopicFilter| {
        let filtered = transport.filtered && (1..=MOST_NAMES).contains(&filter.event_types.len());
        Ok(Feed {
            topic: names.topic(&filter.topic),
            topic_arn: names.topic_arn(&filter.topic, account)?,
            elsewhere: names.is_elsewhere(&filter.topic),
            raw: transport.raw,
            names: filtered.then(|| filter.event_types.clone()),
        })
    };
    Ok(Queue {
        arn: names.queue_arn(&name, account)?,
        dlq_arn: names.queue_arn(&dlq, account)?,
        name,
        dlq,
        visibility: plan.visibility.as_secs().clamp(1, 43_200),
        max_receives: plan.max_receives.clamp(1, 1000),
        feeds: plan.topics.iter().map(feed).collect::<Result<_, TransportError>>()?,
    })
}

impl Queue {
    pub(super) fn is_fifo(&self) -> bool {
        is_fifo(&self.name)
    }

    pub(super) fn topic_arns(&self) -> BTreeSet<String> {
        self.feeds.iter().map(|feed| feed.topic_arn.clone()).collect()
    }
}
