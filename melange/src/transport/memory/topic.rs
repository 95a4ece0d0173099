//! A topic: who wants what of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashSet;
use tokio::time::Instant;

use super::deduplication::{DedupId, Deduplication, Given};
use super::is_fifo;
use super::limits::Checked;
use super::subscription::Feed;
use super::topic_settings::TopicSettings;

/// A topic.
pub(super) struct Topic {
    pub(super) fifo: bool,
    pub(super) settings: TopicSettings,
    pub(super) checked: Checked,
    /// By queue.
    pub(super) feeds: BTreeMap<String, Feed>,
    deduplication: Deduplication,
}

impl Topic {
    pub(super) fn new(name: &str, settings: TopicSettings) -> Self {
        Self {
            fifo: is_fifo(name),
            settings,
            checked: Checked::default(),
            feeds: BTreeMap::new(),
            deduplication: Deduplication::default(),
        }
    }

    /// Subscribes `queue` to these event types, besides those it was subscribed to before.
    pub(super) fn declare(&mut self, queue: &str, event_types: &BTreeSet<String>) {
        match self.feeds.entry(queue.to_owned()).or_insert_with(|| Feed::Own(FxHashSet::default())) {
            Feed::Own(known) => known.extend(event_types.iter().cloned()),
            // Refused before.
            Feed::Told(_) => {}
        }
    }

    /// The event types that `queue` wants, as buses declared them.
    pub(super) fn event_types(&self, queue: &str) -> impl Iterator<Item = &String> {
        let own = match self.feeds.get(queue) {
            Some(Feed::Own(event_types)) => Some(event_types),
            _ => None,
        };
        own.into_iter().flatten()
    }

    /// What the first message known by `id` was given, if there is one: a FIFO topic takes an id once in five minutes.
    pub(super) fn known(&mut self, key: Option<&Arc<str>>, id: &DedupId, now: Instant) -> Option<Given> {
        let group = key.filter(|_| self.settings.by_group());
        self.fifo.then(|| self.deduplication.known(group, id, now)).flatten()
    }

    /// From now on it is known.
    pub(super) fn remember(&mut self, key: Option<&Arc<str>>, id: &DedupId, given: Given, now: Instant) {
        if self.fifo {
            let group = key.filter(|_| self.settings.by_group());
            self.deduplication.remember(group, id, given, now);
        }
    }
}
