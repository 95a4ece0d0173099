//! One queue's frozen table: which subscribers run for what comes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::progress::Progress;
use crate::event::EventDescriptor;
use crate::registry::Readers;
use crate::subscriber::Subscription;

/// A queue the bus consumes from.
pub(crate) struct Queue {
    pub(crate) name: String,
    /// How long a message in hand is invisible to others.
    pub(crate) visibility: Duration,
    pub(crate) readers: Readers,
    pub(crate) subscribers: Vec<Member>,
    pub(crate) progress: Progress,
}

/// A subscriber of a queue.
pub(crate) struct Member {
    pub(crate) subscription: Subscription,
    /// Its own limit of runs at once.
    pub(crate) limit: Option<Arc<Semaphore>>,
}

impl Queue {
    pub(crate) fn new(name: String, visibility: Duration, subscriptions: Vec<Subscription>) -> Self {
        let readers = Readers::of(subscriptions.iter().map(|subscription| subscription.descriptor.event()));
        let mut limits: HashMap<(&'static str, crate::Location), Arc<Semaphore>> = HashMap::new();
        let mut subscribers = Vec::with_capacity(subscriptions.len());
        for subscription in subscriptions {
            let descriptor = &subscription.descriptor;
            // One limit for a subscriber of several events.
            let limit = descriptor.options().concurrency.map(|most| {
                let limit = limits.entry((descriptor.name(), descriptor.location()));
                Arc::clone(limit.or_insert_with(|| Arc::new(Semaphore::new(most))))
            });
            subscribers.push(Member { subscription, limit });
        }
        Self { name, visibility, readers, subscribers, progress: Progress::default() }
    }

    /// A failure in a FIFO queue holds up what comes after it in the group.
    pub(crate) fn is_fifo(&self) -> bool {
        self.name.ends_with(".fifo")
    }

    /// The subscribers of `event`, by index.
    pub(crate) fn listeners(&self, event: &'static EventDescriptor) -> impl Iterator<Item = usize> {
        let listens = move |member: &Member| member.subscription.descriptor.event().is_same_type(event);
        self.subscribers.iter().enumerate().filter(move |(_, member)| listens(member)).map(|(i, _)| i)
    }
}
