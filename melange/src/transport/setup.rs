//! How a transport sets up what a bus needs, for documents that only describe it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::topology::{QueuePlan, TopicFilter, Topology};

/// How a transport sets up a [`Topology`]: under which names, and with which settings of its own. For documents, which
/// make no calls.
///
/// ```
/// use melange::transport::{Setup, Topology};
///
/// # use melange::{Event, Registry, subscriber, subscribers};
/// # use std::time::Duration;
/// # #[derive(serde::Serialize, serde::Deserialize, Event)]
/// # #[event(topic = "orders")]
/// # struct OrderPlaced { order_id: String }
/// # #[subscriber(listens_to = OrderPlaced)]
/// # fn receipt(_: &OrderPlaced) {}
/// # let registry = Registry::of(subscribers![receipt]);
/// # let events: Vec<_> = registry.events().collect();
/// # let subscribers: Vec<_> = registry.subscribers().cloned().collect();
/// let topology = Topology::of("billing", Duration::from_secs(30), &events, &subscribers);
/// let setup = Setup::of(&topology, |queue| format!("{queue}-dlq"));
/// assert!(setup.queues["billing"].feeds["orders"].raw);
/// assert_eq!(setup.queues["billing"].dead_letters, "billing-dlq");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Setup {
    /// The prefix of names in this account.
    pub prefix: String,
    /// The names of topics owned by others, by their name in annotations. They have no prefix.
    pub elsewhere: BTreeMap<String, String>,
    /// The queues, by their name in annotations.
    pub queues: BTreeMap<String, QueueSetup>,
}

/// How a queue is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueSetup {
    /// The name of its dead-letter queue, without the prefix.
    pub dead_letters: String,
    /// The visibility timeout.
    pub visibility: Duration,
    /// How often a message is received before the broker itself gives it up.
    pub max_receives: u32,
    /// How long it keeps a message, if that is set.
    pub retention: Option<Duration>,
    /// For a FIFO queue: whether throughput limits and deduplication apply to each message group.
    pub by_group: bool,
    /// Its subscriptions to topics, by the topic's name in annotations.
    pub feeds: BTreeMap<String, FeedSetup>,
}

/// How a queue is subscribed to a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FeedSetup {
    /// Raw message delivery, instead of the topic's envelope.
    pub raw: bool,
    /// The `event_type`s that pass the filter, besides messages without one; `None` for everything.
    pub event_types: Option<BTreeSet<String>>,
    /// Messages that cannot be delivered go to the queue's dead-letter queue.
    pub keeps_undelivered: bool,
}

impl Setup {
    /// Exactly `topology`: with raw message delivery and filters, and no prefix. `dead_letters` gives the names of
    /// dead-letter queues.
    #[must_use]
    pub fn of(topology: &Topology, dead_letters: impl Fn(&str) -> String) -> Self {
        let queue = |plan: &QueuePlan| (plan.name.clone(), QueueSetup::of(plan, dead_letters(&plan.name)));
        Self { queues: topology.queues.iter().map(queue).collect(), ..Self::default() }
    }
}

impl QueueSetup {
    pub(crate) fn of(plan: &QueuePlan, dead_letters: String) -> Self {
        Self {
            dead_letters,
            visibility: plan.visibility,
            max_receives: plan.max_receives,
            retention: None,
            by_group: false,
            feeds: plan.topics.iter().map(|filter| (filter.topic.clone(), FeedSetup::of(filter))).collect(),
        }
    }
}

impl FeedSetup {
    fn of(filter: &TopicFilter) -> Self {
        Self { raw: true, event_types: Some(filter.event_types.clone()), keeps_undelivered: false }
    }
}
