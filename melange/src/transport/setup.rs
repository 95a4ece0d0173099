//! How a transport sets up what a bus wants, for those who only write it down.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::topology::{QueuePlan, TopicFilter, Topology};

/// How a transport sets up a [`Topology`]: under which names, and with what it was told beyond what the subscribers need. For
/// documents, which call nobody.
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
    /// What stands before the names of this account.
    pub prefix: String,
    /// The names of those topics that are someone else's, by what annotations call them. No prefix stands before them.
    pub elsewhere: BTreeMap<String, String>,
    /// The queues, by what annotations call them.
    pub queues: BTreeMap<String, QueueSetup>,
}

/// How a queue is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueSetup {
    /// The name of its dead-letter queue, without the prefix.
    pub dead_letters: String,
    /// How long a message in hand is invisible to others.
    pub visibility: Duration,
    /// Times a message is received before the broker itself gives it up.
    pub max_receives: u32,
    /// How long it keeps a message, where that was asked for.
    pub retention: Option<Duration>,
    /// A FIFO queue that counts its throughput, and looks for duplicates, within each group.
    pub by_group: bool,
    /// How topics feed it, by what annotations call them.
    pub feeds: BTreeMap<String, FeedSetup>,
}

/// How a topic feeds a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FeedSetup {
    /// Messages come as they were published, and not in the topic's envelope.
    pub raw: bool,
    /// The `event_type`s that come through, beside messages without one; `None` for everything.
    pub event_types: Option<BTreeSet<String>>,
    /// What cannot be delivered goes to the queue's dead-letter queue.
    pub keeps_undelivered: bool,
}

impl Setup {
    /// Exactly `topology`: with raw delivery and filters, and no prefix. Dead-letter queues are called what `dead_letters` says.
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
