//! One queue: which subscribers run for what comes, and how its consuming stands.

use std::any::TypeId;
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::health::Status;
use super::leases::Leases;
use super::pace::Pace;
use super::progress::Progress;
use super::row::Rows;
use super::settle::{Answers, Settler};
use super::switch::Switch;
use crate::event::EventDescriptor;
use crate::registry::Readers;
use crate::retry::RetryPolicy;
use crate::subscriber::{BoxFuture, Subscription};
use crate::transport::{Delivery, QueuePlan, SPARE_RECEIVES};
use crate::type_map::TypeMap;

/// A queue the bus consumes from.
pub(crate) struct Queue {
    pub(crate) name: String,
    /// Times a message is received before the broker itself gives it up.
    max_receives: u32,
    pub(crate) readers: Readers,
    pub(crate) subscribers: Vec<Member>,
    /// The subscribers grouped by event, and the range of each group.
    listeners: Box<[usize]>,
    by_event: TypeMap<Range<usize>>,
    pub(crate) progress: Progress,
    pub(crate) leases: Arc<Leases>,
    pub(crate) switch: Switch,
    pub(crate) pace: Pace,
    pub(crate) status: Status,
    /// Whether as many receives are open as there should be.
    pub(crate) all_receive: AtomicBool,
    pub(crate) rows: Rows,
    /// Set once it runs in the background.
    pub(crate) settler: OnceLock<Settler>,
}

/// A subscriber of a queue.
pub(crate) struct Member {
    pub(crate) subscription: Subscription,
    /// Its own limit of runs at once.
    pub(crate) limit: Option<Arc<Semaphore>>,
}

impl Queue {
    /// As planned; `longest` is the longest that a message may be in flight.
    pub(crate) fn new(plan: &QueuePlan, longest: Duration, subscriptions: Vec<Subscription>) -> Self {
        let (name, visibility, max_receives) = (plan.name.clone(), plan.visibility, plan.max_receives);
        let readers = Readers::of(subscriptions.iter().map(|subscription| subscription.descriptor.event()));
        let mut limits: HashMap<(&'static str, crate::Location), Arc<Semaphore>> = HashMap::new();
        let mut subscribers: Vec<Member> = Vec::with_capacity(subscriptions.len());
        let (listeners, by_event) = by_event(&subscriptions);
        for subscription in subscriptions {
            let descriptor = &subscription.descriptor;
            // One limit for a subscriber of several events.
            let limit = descriptor.options().concurrency.map(|most| {
                let limit = limits.entry((descriptor.name(), descriptor.location()));
                Arc::clone(limit.or_insert_with(|| Arc::new(Semaphore::new(most))))
            });
            subscribers.push(Member { subscription, limit });
        }
        Self {
            leases: Leases::new(name.clone(), visibility, longest),
            name,
            max_receives,
            readers,
            subscribers,
            listeners,
            by_event,
            progress: Progress::default(),
            switch: Switch::default(),
            pace: Pace::default(),
            status: Status::default(),
            all_receive: AtomicBool::new(false),
            rows: Rows::default(),
            settler: OnceLock::new(),
        }
    }

    /// Queues answers to be sent; waits if too many are queued already.
    pub(crate) fn settle(&self, answers: Answers) -> Option<BoxFuture<'_, ()>> {
        self.settler.get()?.settle(answers)
    }

    /// What a dead letter calls the subscriber at `index`: by its module too, if another one that listens to the same event has
    /// the same name, since only the one that gave it up is to run again.
    pub(crate) fn address(&self, index: usize) -> Option<Cow<'static, str>> {
        let descriptor_at = |at: usize| self.subscribers.get(at).map(|member| &member.subscription.descriptor);
        let own = descriptor_at(index)?;
        let others = self.listeners_to(own.event().type_id()).iter().filter_map(|at| descriptor_at(*at));
        let mut namesakes = others.filter(|other| other.name() == own.name() && other.location() != own.location());
        Some(namesakes.next().map_or(Cow::Borrowed(own.name()), |_| Cow::Owned(own.full_name())))
    }

    /// How long a message is left to newer processes that can read it.
    pub(crate) fn patience_with_newer(&self) -> RetryPolicy {
        let attempts =
            self.subscribers.iter().map(|member| member.subscription.descriptor.options().retry.attempts).max();
        let attempts = attempts.unwrap_or(1).saturating_add(SPARE_RECEIVES - 1);
        RetryPolicy::new(attempts, Duration::from_secs(1), Duration::from_secs(60))
    }

    /// The number of this attempt: a receive after which the message was returned unrun, behind a failure of its group,
    /// does not count.
    pub(crate) fn attempt(&self, delivery: &Delivery) -> u32 {
        delivery.attempt.saturating_sub(self.progress.unrun(&delivery.message_id)).max(1)
    }

    /// Whether it is the last of `policy`, or the last that the broker allows: then Melange gives the message up,
    /// because the broker would record no reason.
    pub(crate) fn is_last(&self, policy: &RetryPolicy, delivery: &Delivery) -> bool {
        policy.is_last(self.attempt(delivery)) || delivery.attempt >= self.max_receives
    }

    /// Notes that no subscriber should run for the message again, if it is redelivered.
    pub(crate) fn is_done_with(&self, message_id: &str) {
        self.progress.remember(message_id, (0..self.subscribers.len()).collect());
    }

    /// A failure in a FIFO queue holds up what comes after it in the group.
    pub(crate) fn is_fifo(&self) -> bool {
        self.name.ends_with(".fifo")
    }

    /// The subscribers of `event`, by index.
    pub(crate) fn listeners(&self, event: &EventDescriptor) -> &[usize] {
        self.listeners_to(event.type_id())
    }

    /// Those of the event of this type.
    pub(crate) fn listeners_to(&self, event: TypeId) -> &[usize] {
        self.by_event.get(&event).and_then(|those| self.listeners.get(those.clone())).unwrap_or_default()
    }
}

/// The subscribers grouped by event, in order, and the range of each group: one list, because there may be many events.
fn by_event(subscriptions: &[Subscription]) -> (Box<[usize]>, TypeMap<Range<usize>>) {
    let mut by_event: TypeMap<Range<usize>> =
        TypeMap::with_capacity_and_hasher(subscriptions.len(), Default::default());
    let mut firsts = Vec::with_capacity(subscriptions.len());
    for (at, subscription) in subscriptions.iter().enumerate() {
        let first = by_event.entry(subscription.descriptor.event().type_id()).or_insert(at..at).start;
        firsts.push((first, at));
    }
    firsts.sort_unstable();
    // Where the first of them stood among all, now where it stands among these.
    let mut begin = 0;
    for same in firsts.chunk_by(|(a, _), (b, _)| a == b) {
        let event = same.first().and_then(|(first, _)| subscriptions.get(*first)).map(|one| one.descriptor.event());
        if let Some(those) = event.and_then(|event| by_event.get_mut(&event.type_id())) {
            *those = begin..begin + same.len();
        }
        begin += same.len();
    }
    (firsts.into_iter().map(|(_, at)| at).collect(), by_event)
}
