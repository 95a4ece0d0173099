//! The account as other programs see it: the calls of its broker.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::account::Account;
use super::is_fifo;
use super::limits::{QUEUE_NAME, TOPIC_BYTES, TOPIC_NAME, name_problem};
use super::moves::{MoveReport, MoveTask};
use super::refused::{Refused, RefusedKind};
use super::settings::QueueSettings;
use super::subscription::{Feed, Subscription};
use super::topic::Topic;
use super::topic_settings::TopicSettings;

/// Least time between two purges of a queue. Source: the SQS API reference, `PurgeQueue`.
const PURGES: Duration = Duration::from_secs(60);
/// Source: the SNS developer guide, filter policy constraints.
const POLICIES_OF_A_TOPIC: usize = 200;
const POLICIES: usize = 10_000;
/// Source of all: the SNS quotas. Of the last, for topics that take large messages: the API reference, `CreateTopic`.
const TOPICS: usize = 100_000;
const FIFO_TOPICS: usize = 1_000;
const FEW_SUBSCRIPTIONS: usize = 100;

/// The account as other programs see it: topics, queues, subscriptions, and every call as strict as the broker's. For
/// tests that need queues which no bus created, or messages which Melange did not write.
///
/// Returned by [`MemoryTransport::account`](super::MemoryTransport::account). Cloning is cheap and shares the account.
///
/// ```
/// use melange::MemoryTransport;
/// use melange::transport::memory::{FilterPolicy, Outgoing, QueueSettings, Receive, Subscription, TopicSettings};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let account = MemoryTransport::new().account();
/// account.create_topic("orders", TopicSettings::new())?;
/// account.create_queue("audit", QueueSettings::new())?;
/// let paid = FilterPolicy::body(r#"{"status": ["paid"]}"#)?;
/// account.subscribe(Subscription::new("orders", "audit").filter(paid))?;
///
/// account.publish("orders", Outgoing::new(r#"{"status": "new"}"#))?;
/// account.publish("orders", Outgoing::new(r#"{"status": "paid"}"#))?;
/// let received = account.receive("audit", Receive::up_to(10)).await?;
/// assert_eq!(received.len(), 1);
/// assert!(received[0].body.as_deref().is_some_and(|body| body.contains("\"Type\" : \"Notification\"")));
/// account.delete("audit", &received[0].receipt)?;
/// # Ok::<(), melange::transport::memory::Refused>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct MemoryAccount {
    account: Arc<Mutex<Account>>,
}

impl fmt::Debug for MemoryAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryAccount").finish_non_exhaustive()
    }
}

impl MemoryAccount {
    pub(super) fn new(account: Arc<Mutex<Account>>) -> Self {
        Self { account }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Account> {
        // Nothing under this lock runs code of others, so what a panic left behind is whole.
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Creates a topic. Succeeds if it already exists with the same settings.
    ///
    /// # Errors
    /// If its name or settings are refused, it exists with other settings, or there are too many topics.
    pub fn create_topic(&self, name: &str, settings: TopicSettings) -> Result<(), Refused> {
        if let Some(problem) = name_problem("topic", name, TOPIC_NAME) {
            return Err(Refused::parameter(problem));
        }
        settings.check(name)?;
        let mut account = self.lock();
        match account.topics.get(name) {
            Some(known) => is_as_told("topic", name, settings.differ_from(&known.settings)),
            None => {
                let (kind, most) = if is_fifo(name) { ("FIFO", FIFO_TOPICS) } else { ("standard", TOPICS) };
                if account.topics.keys().filter(|known| is_fifo(known) == is_fifo(name)).count() >= most {
                    let what = format!("topic `{name}` would be one more than the {most} {kind} topics of an account");
                    return Err(Refused::new(RefusedKind::TopicLimit, what));
                }
                account.topics.insert(name.to_owned(), Topic::new(name, settings));
                Ok(())
            }
        }
    }

    /// Creates a queue. Succeeds if it already exists with the same settings.
    ///
    /// # Errors
    /// If its name or settings are refused, it exists with other settings, or a queue of this name was deleted less
    /// than 60 seconds ago.
    pub fn create_queue(&self, name: &str, settings: QueueSettings) -> Result<(), Refused> {
        if let Some(problem) = name_problem("queue", name, QUEUE_NAME) {
            return Err(Refused::parameter(problem));
        }
        settings.check(name)?;
        let mut account = self.lock();
        if let Ok(known) = account.queues.get(name) {
            return is_as_told("queue", name, settings.differ_from(&known.settings));
        }
        account.queues.is_free(name, Instant::now())?;
        settings.dead_letter_queue().map_or(Ok(()), |dead| account.queues.may_serve(dead, name))?;
        account.queues.get_or_new(name).settings.tell(settings);
        Ok(())
    }

    /// Changes the settings of a queue. Those that are not set stay as they are.
    ///
    /// # Errors
    /// If there is no such queue, or its settings are refused.
    pub fn change_queue(&self, name: &str, settings: QueueSettings) -> Result<(), Refused> {
        settings.check(name)?;
        let mut account = self.lock();
        settings.dead_letter_queue().map_or(Ok(()), |dead| account.queues.may_serve(dead, name))?;
        account.queues.get(name)?.tell(settings, Instant::now());
        Ok(())
    }

    /// Deletes a queue with all its messages. Its subscriptions stay, and what they deliver is lost.
    ///
    /// # Errors
    /// If there is no such queue.
    pub fn delete_queue(&self, name: &str) -> Result<(), Refused> {
        self.lock().queues.delete(name, Instant::now())
    }

    /// Deletes all messages of a queue, in flight or not.
    ///
    /// # Errors
    /// If there is no such queue, or it was purged less than 60 seconds ago.
    pub fn purge(&self, queue: &str) -> Result<(), Refused> {
        let (mut account, now) = (self.lock(), Instant::now());
        let known = account.queues.get(queue)?;
        if known.purged.is_some_and(|since| now.duration_since(since) < PURGES) {
            let what = format!("queue `{queue}` was purged less than 60 seconds ago");
            return Err(Refused::new(RefusedKind::PurgeInProgress, what));
        }
        known.purged = Some(now);
        known.purge();
        Ok(())
    }

    /// Subscribes a queue to a topic. Succeeds if it is already subscribed with the same settings.
    ///
    /// # Errors
    /// If there is no such topic or queue, a FIFO queue would be subscribed to a standard topic, there are too many
    /// subscriptions or filter policies, or it is subscribed with other settings: by this call, or by a bus that
    /// consumes from it.
    pub fn subscribe(&self, subscription: Subscription) -> Result<(), Refused> {
        let Subscription { topic, queue, told } = subscription;
        let mut account = self.lock();
        account.queues.get(&queue)?;
        told.dead_letters.as_deref().map_or(Ok(()), |dead| account.queues.get(dead).map(|_| ()))?;
        let policies = |feeds: &BTreeMap<String, Feed>| feeds.values().filter(|feed| feed.has_policy()).count();
        let in_all: usize = account.topics.values().map(|topic| policies(&topic.feeds)).sum();
        let known = account.topics.get_mut(&topic).ok_or_else(|| Refused::no_topic(&topic))?;
        if is_fifo(&queue) && !known.fifo {
            return Err(Refused::parameter(format!(
                "queue `{queue}` is FIFO and cannot be subscribed to topic `{topic}`, which is not"
            )));
        }
        if let Some(dead) = told.dead_letters.as_deref().filter(|dead| is_fifo(dead) != is_fifo(&queue)) {
            return Err(Refused::parameter(format!("queues `{queue}` and `{dead}` must both be FIFO, or neither")));
        }
        match known.feeds.get(&queue) {
            Some(Feed::Told(before)) if told.agree_with(before) => return Ok(()),
            Some(_) => {
                let what = format!("queue `{queue}` is subscribed to topic `{topic}` already, and otherwise");
                return Err(Refused::new(RefusedKind::AlreadyExists, what));
            }
            None => {}
        }
        let takes_large = known.settings.max_size() > TOPIC_BYTES;
        if (known.fifo || takes_large) && known.feeds.len() >= FEW_SUBSCRIPTIONS {
            let why = if known.fifo { "is FIFO" } else { "takes more than 262,144 bytes" };
            let what = format!("topic `{topic}` {why} and has {FEW_SUBSCRIPTIONS} subscriptions, which is the most");
            return Err(Refused::new(RefusedKind::SubscriptionLimit, what));
        }
        let feed = Feed::Told(Arc::new(told));
        if feed.has_policy() && (policies(&known.feeds) >= POLICIES_OF_A_TOPIC || in_all >= POLICIES) {
            let what = format!(
                "topic `{topic}` would have more than {POLICIES_OF_A_TOPIC} filter policies, or the account more than {POLICIES}"
            );
            return Err(Refused::new(RefusedKind::FilterLimit, what));
        }
        known.feeds.insert(queue, feed);
        Ok(())
    }

    /// Ends a subscription. Succeeds if there is none.
    ///
    /// # Errors
    /// If there is no such topic.
    pub fn unsubscribe(&self, topic: &str, queue: &str) -> Result<(), Refused> {
        let mut account = self.lock();
        let known = account.topics.get_mut(topic).ok_or_else(|| Refused::no_topic(topic))?;
        known.feeds.remove(queue);
        Ok(())
    }

    /// Starts to move everything in a dead-letter queue, and returns the task that does it, for [`moves`](Self::moves)
    /// and [`cancel_move`](Self::cancel_move).
    ///
    /// # Errors
    /// If there is no such queue, it is not a dead-letter queue, a task is already moving its messages, 100 tasks are
    /// running in the account, or the rate is invalid.
    pub fn start_move(&self, task: MoveTask) -> Result<String, Refused> {
        let mut account = self.lock();
        let Account { moves, queues, .. } = &mut *account;
        moves.start(queues, task, Instant::now())
    }

    /// The last ten tasks that moved messages of this dead-letter queue, the newest first.
    ///
    /// # Errors
    /// If there is no such queue.
    pub fn moves(&self, dead_letter_queue: &str) -> Result<Vec<MoveReport>, Refused> {
        let mut account = self.lock();
        let Account { moves, queues, .. } = &mut *account;
        moves.go_on(queues, Instant::now());
        queues.get(dead_letter_queue)?;
        Ok(moves.of(dead_letter_queue))
    }

    /// Cancels a task, and returns how many messages it has moved.
    ///
    /// # Errors
    /// If there is no such task, or it has ended.
    pub fn cancel_move(&self, task: &str) -> Result<u64, Refused> {
        let mut account = self.lock();
        let Account { moves, queues, .. } = &mut *account;
        moves.go_on(queues, Instant::now());
        moves.cancel(task)
    }

    /// How many messages of `queue` were deleted because their retention period was over.
    ///
    /// # Errors
    /// When there is no such queue.
    pub fn expired(&self, queue: &str) -> Result<u64, Refused> {
        Ok(self.lock().queues.get(queue)?.expired(Instant::now()))
    }

    /// How many messages topics could not deliver and lost, as SNS does: without telling the publisher.
    #[must_use]
    pub fn undelivered(&self) -> u64 {
        self.lock().undelivered
    }
}

/// What is there already may be made again, unless something is said that `differs`.
fn is_as_told(what: &str, name: &str, differs: Option<&str>) -> Result<(), Refused> {
    differs.map_or(Ok(()), |setting| {
        let what = format!("{what} `{name}` is there already, with another `{setting}`");
        Err(Refused::new(RefusedKind::AlreadyExists, what))
    })
}

#[cfg(test)]
mod tests;
