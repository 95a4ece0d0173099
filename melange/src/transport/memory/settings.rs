//! What queues are told to do.

use std::collections::BTreeSet;
use std::time::Duration;

use super::is_fifo;
use super::limits::{LEAST_BYTES, QUEUE_BYTES};
use super::refused::Refused;

/// Longest a message may be invisible. Source: the SQS API reference, `VisibilityTimeout`.
pub(super) const LONGEST_VISIBILITY: Duration = Duration::from_secs(43_200);
/// Longest delay. Source: the SQS API reference, `DelaySeconds`.
pub(super) const LONGEST_DELAY: Duration = Duration::from_secs(900);
/// Source of these three: the SQS API reference, `MessageRetentionPeriod`.
const SHORTEST_RETENTION: Duration = Duration::from_secs(60);
pub(super) const LONGEST_RETENTION: Duration = Duration::from_secs(14 * 24 * 60 * 60);
const RETENTION: Duration = Duration::from_secs(4 * 24 * 60 * 60);
/// Visibility of a queue that was told nothing. Source: the SQS API reference, `VisibilityTimeout`.
const VISIBILITY: Duration = Duration::from_secs(30);
/// Source: the SQS API reference, `maxReceiveCount`.
const MOST_RECEIVES: u32 = 1_000;
/// Source: the SQS API reference, `RedriveAllowPolicy`.
const MOST_SOURCES: usize = 10;

/// The settings of a queue. Those that are not set stay as they are, or have their defaults in a new queue.
///
/// ```
/// use std::time::Duration;
/// use melange::MemoryTransport;
/// use melange::transport::memory::{QueueSettings, RefusedKind};
///
/// let account = MemoryTransport::new().account();
/// account.create_queue("audit-dead", QueueSettings::new())?;
/// account.create_queue("audit", QueueSettings::new().visibility(Duration::from_secs(5)).dead_letters("audit-dead", 3))?;
/// // The same again is no change, and something else is refused.
/// account.create_queue("audit", QueueSettings::new().visibility(Duration::from_secs(5)))?;
/// let other = account.create_queue("audit", QueueSettings::new().visibility(Duration::from_secs(6)));
/// assert_eq!(other.unwrap_err().kind(), RefusedKind::AlreadyExists);
/// # Ok::<(), melange::transport::memory::Refused>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use = "give it to `create_queue` or `change_queue`"]
pub struct QueueSettings {
    visibility: Option<Duration>,
    delay: Option<Duration>,
    retention: Option<Duration>,
    max_bytes: Option<usize>,
    redrive: Option<Redrive>,
    sources: Option<BTreeSet<String>>,
    dedup_by_content: Option<bool>,
    dedup_by_group: Option<bool>,
}

/// Where a queue puts what was received too often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Redrive {
    pub(super) to: String,
    pub(super) max_receives: u32,
}

impl QueueSettings {
    /// No settings.
    pub fn new() -> Self {
        Self::default()
    }

    /// The visibility timeout: up to 12 hours, 30 seconds by default.
    pub fn visibility(mut self, visibility: Duration) -> Self {
        self.visibility = Some(visibility);
        self
    }

    /// The delay before messages can be received: up to 15 minutes.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = Some(delay);
        self
    }

    /// How long messages are kept: from a minute to 14 days, 4 days by default.
    pub fn retention(mut self, retention: Duration) -> Self {
        self.retention = Some(retention);
        self
    }

    /// The maximum size of a message in bytes, attributes included: from 1,024 to 1,048,576, the default.
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = Some(bytes);
        self
    }

    /// Moves messages received more than `max_receives` times (1 to 1,000) to that queue, which must exist and be of
    /// the same kind.
    pub fn dead_letters(mut self, queue: impl Into<String>, max_receives: u32) -> Self {
        self.redrive = Some(Redrive { to: queue.into(), max_receives });
        self
    }

    /// Makes it a dead-letter queue for only these queues, at most 10; an empty list means for none. For all by
    /// default.
    pub fn dead_letters_of<N: Into<String>>(mut self, queues: impl IntoIterator<Item = N>) -> Self {
        self.sources = Some(queues.into_iter().map(Into::into).collect());
        self
    }

    /// FIFO: content-based deduplication of messages without a deduplication id.
    pub fn dedup_by_content(mut self, yes: bool) -> Self {
        self.dedup_by_content = Some(yes);
        self
    }

    /// FIFO: deduplication ids apply within their message group, instead of the whole queue.
    pub fn dedup_by_group(mut self, yes: bool) -> Self {
        self.dedup_by_group = Some(yes);
        self
    }

    /// What is wrong with them for the queue `name`, as far as they alone can tell.
    pub(super) fn check(&self, name: &str) -> Result<(), Refused> {
        let refuse = |why: String| Err(Refused::parameter(format!("queue `{name}`: {why}")));
        if self.visibility.is_some_and(|time| time > LONGEST_VISIBILITY) {
            return refuse("messages are invisible for 12 hours at most".to_owned());
        }
        if self.delay.is_some_and(|delay| delay > LONGEST_DELAY) {
            return refuse("messages are delayed by 15 minutes at most".to_owned());
        }
        if self.retention.is_some_and(|time| !(SHORTEST_RETENTION..=LONGEST_RETENTION).contains(&time)) {
            return refuse("messages are kept for a minute at least and 14 days at most".to_owned());
        }
        if self.max_bytes.is_some_and(|bytes| !(LEAST_BYTES..=QUEUE_BYTES).contains(&bytes)) {
            return refuse(format!("the largest message it takes is one of {LEAST_BYTES} to {QUEUE_BYTES} bytes"));
        }
        if self.redrive.as_ref().is_some_and(|redrive| !(1..=MOST_RECEIVES).contains(&redrive.max_receives)) {
            return refuse(format!("messages are received 1 to {MOST_RECEIVES} times before they are moved"));
        }
        if self.redrive.as_ref().is_some_and(|redrive| is_fifo(&redrive.to) != is_fifo(name)) {
            return refuse("its dead-letter queue must be FIFO if it is, and not if it is not".to_owned());
        }
        if self.dead_letter_queue() == Some(name) {
            return refuse("it cannot be its own dead-letter queue; name another one".to_owned());
        }
        if self.sources.as_ref().is_some_and(|sources| sources.len() > MOST_SOURCES) {
            return refuse(format!("a dead-letter queue names {MOST_SOURCES} queues that it serves, and no more"));
        }
        if !is_fifo(name) && (self.dedup_by_content.is_some() || self.dedup_by_group.is_some()) {
            return refuse("only FIFO queues deduplicate".to_owned());
        }
        Ok(())
    }

    pub(super) fn dead_letter_queue(&self) -> Option<&str> {
        self.redrive.as_ref().map(|redrive| redrive.to.as_str())
    }

    /// The first of what is said that is not so in `known`.
    pub(super) fn differ_from(&self, known: &Settings) -> Option<&'static str> {
        fn differs<T: PartialEq>(told: Option<&T>, known: Option<&T>) -> bool {
            told.is_some() && told != known
        }
        let all = [
            ("visibility", differs(self.visibility.as_ref(), Some(&known.visibility))),
            ("delay", differs(self.delay.as_ref(), Some(&known.delay))),
            ("retention", differs(self.retention.as_ref(), Some(&known.retention))),
            ("max_bytes", differs(self.max_bytes.as_ref(), Some(&known.max_bytes))),
            ("dead_letters", differs(self.redrive.as_ref(), known.redrive.as_ref())),
            ("dead_letters_of", differs(self.sources.as_ref(), known.sources.as_ref())),
            ("dedup_by_content", differs(self.dedup_by_content.as_ref(), Some(&known.dedup_by_content))),
            ("dedup_by_group", differs(self.dedup_by_group.as_ref(), Some(&known.dedup_by_group))),
        ];
        all.into_iter().find_map(|(name, differs)| differs.then_some(name))
    }
}

/// What a queue does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) visibility: Duration,
    pub(super) delay: Duration,
    pub(super) retention: Duration,
    pub(super) max_bytes: usize,
    /// Without it, messages are handed out forever.
    pub(super) redrive: Option<Redrive>,
    /// Whose dead-letter queue it may be; all queues' unless it was told.
    sources: Option<BTreeSet<String>>,
    pub(super) dedup_by_content: bool,
    pub(super) dedup_by_group: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            visibility: VISIBILITY,
            delay: Duration::ZERO,
            retention: RETENTION,
            max_bytes: QUEUE_BYTES,
            redrive: None,
            sources: None,
            dedup_by_content: false,
            dedup_by_group: false,
        }
    }
}

impl Settings {
    /// Whether it may be the dead-letter queue of `queue`.
    pub(super) fn serves(&self, queue: &str) -> bool {
        self.sources.as_ref().is_none_or(|sources| sources.contains(queue))
    }

    /// Does what is said.
    pub(super) fn tell(&mut self, told: QueueSettings) {
        self.visibility = told.visibility.unwrap_or(self.visibility);
        self.delay = told.delay.unwrap_or(self.delay);
        self.retention = told.retention.unwrap_or(self.retention);
        self.max_bytes = told.max_bytes.unwrap_or(self.max_bytes);
        self.redrive = told.redrive.or(self.redrive.take());
        self.sources = told.sources.or(self.sources.take());
        self.dedup_by_content = told.dedup_by_content.unwrap_or(self.dedup_by_content);
        self.dedup_by_group = told.dedup_by_group.unwrap_or(self.dedup_by_group);
    }
}
