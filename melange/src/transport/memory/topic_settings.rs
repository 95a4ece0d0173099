//! What topics are told to do.

use super::is_fifo;
use super::limits::{LEAST_BYTES, QUEUE_BYTES, TOPIC_BYTES};
use super::refused::Refused;

/// The settings of a topic. Those that are not set have their defaults.
///
/// ```
/// use melange::MemoryTransport;
/// use melange::transport::memory::TopicSettings;
///
/// let account = MemoryTransport::new().account();
/// account.create_topic("orders", TopicSettings::new().max_bytes(1_048_576))?;
/// account.create_topic("steps.fifo", TopicSettings::new().dedup_by_content(true))?;
/// # Ok::<(), melange::transport::memory::Refused>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use = "give it to `create_topic`"]
pub struct TopicSettings {
    max_bytes: Option<usize>,
    dedup_by_content: Option<bool>,
    dedup_by_group: Option<bool>,
}

impl TopicSettings {
    /// No settings.
    pub fn new() -> Self {
        Self::default()
    }

    /// The maximum size in bytes of a message, attributes included, and of a batch: from 1,024 to 1,048,576; 262,144 by
    /// default.
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = Some(bytes);
        self
    }

    /// FIFO: content-based deduplication of messages without a deduplication id.
    pub fn dedup_by_content(mut self, yes: bool) -> Self {
        self.dedup_by_content = Some(yes);
        self
    }

    /// FIFO: deduplication ids apply within their message group, instead of the whole topic.
    pub fn dedup_by_group(mut self, yes: bool) -> Self {
        self.dedup_by_group = Some(yes);
        self
    }

    /// What is wrong with them for the topic `name`.
    pub(super) fn check(&self, name: &str) -> Result<(), Refused> {
        let refuse = |why: String| Err(Refused::parameter(format!("topic `{name}`: {why}")));
        if self.max_bytes.is_some_and(|bytes| !(LEAST_BYTES..=QUEUE_BYTES).contains(&bytes)) {
            return refuse(format!("the largest message it takes is one of {LEAST_BYTES} to {QUEUE_BYTES} bytes"));
        }
        if !is_fifo(name) && (self.dedup_by_content.is_some() || self.dedup_by_group.is_some()) {
            return refuse("only FIFO topics deduplicate".to_owned());
        }
        Ok(())
    }

    pub(super) fn max_size(&self) -> usize {
        self.max_bytes.unwrap_or(TOPIC_BYTES)
    }

    pub(super) fn by_content(&self) -> bool {
        self.dedup_by_content.unwrap_or_default()
    }

    pub(super) fn by_group(&self) -> bool {
        self.dedup_by_group.unwrap_or_default()
    }

    /// The first of what is said that is not so in `known`.
    pub(super) fn differ_from(&self, known: &Self) -> Option<&'static str> {
        let all = [
            ("max_bytes", self.max_bytes.is_some_and(|bytes| bytes != known.max_size())),
            ("dedup_by_content", self.dedup_by_content.is_some_and(|yes| yes != known.by_content())),
            ("dedup_by_group", self.dedup_by_group.is_some_and(|yes| yes != known.by_group())),
        ];
        all.into_iter().find_map(|(name, differs)| differs.then_some(name))
    }
}
