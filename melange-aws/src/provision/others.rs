//! What another version of the service, on the same queue, listens to: an event that is unknown here may be meant for it.
//!
//! While a service is rolled over, its newer version widens the filter policies of the queue. What comes through them and
//! is unknown to the older version must not be deleted by it. What they let through already when this process started is
//! left over from subscribers that are no more, for all that is known.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use melange::transport::{Topology, TransportError};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

use super::subscription;
use super::wanted::{self, Feed};
use crate::AwsQueue;

/// SNS answers about a hundred such questions a second, for all of the account.
const APART: Duration = Duration::from_millis(250);

/// The names that filter policies let through when they were first looked at, by queue and topic.
#[derive(Debug, Default)]
pub(crate) struct FirstFilters(std::sync::Mutex<BTreeMap<(String, String), BTreeSet<String>>>);

impl FirstFilters {
    pub(super) fn note(&self, feed: &Feed, names: &BTreeSet<String>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry((feed.queue_arn.clone(), feed.topic_arn.clone())).or_insert_with(|| names.clone());
    }

    fn had(&self, feed: &Feed, name: &str) -> bool {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&(feed.queue_arn.clone(), feed.topic_arn.clone())).is_some_and(|names| names.contains(name))
    }
}

/// What is known of it.
#[derive(Debug, Default)]
pub(crate) struct Others {
    /// The topology was looked at, so that it may be looked at again.
    may_ask: AtomicBool,
    by_queue: Mutex<BTreeMap<String, Known>>,
}

impl Others {
    pub(super) fn may_be_asked(&self) {
        self.may_ask.store(true, Ordering::Relaxed);
    }
}

#[derive(Debug)]
struct Known {
    /// When SNS was asked last. What it said is true of all that came before.
    asked: Instant,
    names: BTreeSet<String>,
    /// The subscriptions, by topic, which are looked for once.
    subscriptions: BTreeMap<String, String>,
}

/// Whether the filter policies of `queue` let `event_type` through by its name.
pub(crate) async fn want(transport: &AwsQueue, topology: &Topology, queue: &str, event_type: &str) -> bool {
    // Without a filter everything comes through, whoever wants it; and who assumes, or was not started, does not ask.
    if !transport.others.may_ask.load(Ordering::Relaxed) || !transport.filtered {
        return false;
    }
    let came = Instant::now();
    let mut all = transport.others.by_queue.lock().await;
    if let Some(known) = all.get(queue) {
        if known.names.contains(event_type) {
            return true;
        }
        if known.asked > came {
            return false;
        }
        // Those that wait meanwhile are answered by what this one learns.
        sleep_until(known.asked + APART).await;
    }
    let before = all.remove(queue);
    let asked = Instant::now();
    let mut known = Known { asked, names: BTreeSet::new(), subscriptions: BTreeMap::new() };
    known.subscriptions = before.map(|before| before.subscriptions).unwrap_or_default();
    let wanted = match known.learn(transport, topology, queue).await {
        Ok(()) => known.names.contains(event_type),
        Err(error) => {
            tracing::warn!(queue, event = event_type, %error, "nobody says who listens to it, so it is left to others");
            error.is_retryable()
        }
    };
    all.insert(queue.to_owned(), known);
    wanted
}

impl Known {
    async fn learn(&mut self, transport: &AwsQueue, topology: &Topology, queue: &str) -> Result<(), TransportError> {
        let account = transport.aws().account_id().await?;
        for plan in topology.queues.iter().filter(|plan| plan.name == queue) {
            for feed in wanted::feeds(transport, plan, transport.aws().names(), account)? {
                self.of(transport, &feed).await?;
            }
        }
        Ok(())
    }

    async fn of(&mut self, transport: &AwsQueue, feed: &Feed) -> Result<(), TransportError> {
        let arn = self.subscriptions.get(&feed.topic_arn).cloned();
        if let Some((arn, names)) = subscription::names(transport.aws(), feed, arn).await? {
            self.subscriptions.insert(feed.topic_arn.clone(), arn);
            let first = transport.aws().first_filters();
            self.names.extend(names.into_iter().filter(|name| !first.had(feed, name)));
        }
        Ok(())
    }
}
