//! One message, from its decoding to its settling.

use std::borrow::Cow;
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::poll_immediate;
use futures_util::stream::FuturesUnordered;

use super::decode::{Decodable, Decoded, decode};
use super::engine::Engine;
use super::keeper::{Keeper, Sent};
use super::queue::Queue;
use super::report::Fate;
use super::settle::Verdict;
use super::unanswered::or_unanswered;
use super::{UnknownEvents, UnknownVersions};
use crate::attributes::TRACEPARENT;
use crate::context::{Known, Stop};
use crate::dispatch::{self, Failed, Running, Scene, SubscriberError};
use crate::outcome::Then;
use crate::retry::RetryPolicy;
use crate::trace;
use crate::transport::{DeadLetter, Delivery};

/// The result of a message's subscribers.
pub(crate) struct Handled {
    pub(crate) event_type_name: Option<Cow<'static, str>>,
    pub(crate) verdict: Verdict,
    pub(crate) notes: Notes,
}

/// What went wrong meanwhile.
#[derive(Default)]
pub(crate) struct Notes {
    pub(crate) failures: Vec<SubscriberError>,
    /// The first dead letter that could not be stored anywhere: the verdict does not include it.
    pub(crate) homeless: Option<Box<DeadLetter>>,
}

/// Runs every subscriber of a message that is not done with it yet, and returns what to do with the message. It may be
/// given already decoded.
pub(crate) async fn handle(
    engine: &Engine,
    queue: &Queue,
    delivery: &Delivery,
    decoded: Option<Decoded<'_>>,
    keeper: &impl Keeper,
) -> Handled {
    let mut notes = Notes::default();
    if delivery.attempt > 1
        && let Some(fate) = queue.leases.being_deleted(&delivery.message_id)
    {
        return Handled { event_type_name: None, verdict: Verdict::Delete(fate), notes };
    }
    let message = Message { engine, queue, delivery, keeper };
    let (event_type_name, verdict) = match decoded.unwrap_or_else(|| decode(queue, delivery)) {
        Decoded::Events { name, first, others } => (Some(name), message.run(&first, &others, &mut notes).await),
        Decoded::Unknown { name } => {
            let verdict = message.unknown(&name, &mut notes).await;
            (Some(name.into()), verdict)
        }
        Decoded::UnknownVersion { name, version } => {
            let verdict = message.unknown_version(&name, version, &mut notes).await;
            (Some(name.into()), verdict)
        }
        Decoded::Unreadable { name, why } => {
            let verdict = message.give_up(DeadLetter::unreadable(why), &mut notes).await;
            (name.map(Cow::Owned), verdict)
        }
    };
    let verdict = match keeper.why_lost() {
        Some(why) => {
            tracing::warn!(queue = queue.name, message_id = delivery.message_id, "{why}");
            Verdict::Lost
        }
        None => verdict,
    };
    Handled { event_type_name, verdict, notes }
}

/// A message, and all that is needed to handle it.
struct Message<'a, K> {
    engine: &'a Engine,
    queue: &'a Queue,
    delivery: &'a Delivery,
    keeper: &'a K,
}

impl<K: Keeper> Message<'_, K> {
    /// A newer process can read it.
    async fn unknown_version(&self, name: &str, version: u32, notes: &mut Notes) -> Verdict {
        let Self { engine, queue, .. } = self;
        engine.counters.unknown_versions.fetch_add(1, Ordering::Relaxed);
        let why = format!(
            "no subscriber here can read version {version} of {name}: deploy the newer event, or add `upcast_from`"
        );
        match engine.unknown_versions {
            UnknownVersions::Retry => self.leave_to_others(why, notes).await,
            UnknownVersions::DeadLetter => self.give_up(DeadLetter::unreadable(why), notes).await,
            UnknownVersions::Acknowledge => {
                tracing::warn!(
                    queue = queue.name,
                    message_id = self.delivery.message_id,
                    "{why}; it is deleted, as asked"
                );
                Verdict::Delete(Fate::Ignored)
            }
        }
    }

    /// Leaves time for other processes to take it; then sends it to the dead-letter queue, so that it is not lost.
    async fn leave_to_others(&self, why: String, notes: &mut Notes) -> Verdict {
        let policy = self.queue.patience_with_newer();
        if self.queue.is_last(&policy, self.delivery) {
            return self.give_up(DeadLetter::unreadable(why), notes).await;
        }
        tracing::warn!(queue = self.queue.name, message_id = self.delivery.message_id, "{why}");
        Verdict::Retry(self.backoff(&policy))
    }

    async fn unknown(&self, name: &str, notes: &mut Notes) -> Verdict {
        let Self { engine, queue, .. } = self;
        let is_wanted = async { Ok(engine.transport.is_wanted(&engine.topology, &queue.name, name).await) };
        // If the transport does not answer, it is left to others. Boxed, so that tasks that handle a message stay
        // small.
        if Box::pin(or_unanswered(Duration::ZERO, is_wanted)).await.unwrap_or(true) {
            let why =
                format!("another version of the service listens to {name} on this queue, and has not come for it");
            return self.leave_to_others(why, notes).await;
        }
        match engine.unknown_events {
            UnknownEvents::Acknowledge => {
                tracing::debug!(queue = queue.name, event = name, "nobody here listens to it");
                Verdict::Delete(Fate::Ignored)
            }
            UnknownEvents::DeadLetter => {
                let letter = DeadLetter::unreadable(format_args!("no subscriber of this queue listens to {name}"));
                self.give_up(letter, notes).await
            }
        }
    }

    /// Sends it to the dead-letter queue; retries later if that fails.
    async fn give_up(&self, letter: DeadLetter, notes: &mut Notes) -> Verdict {
        let (queue, message_id) = (self.queue.name.as_str(), self.delivery.message_id.as_str());
        match self.send(&letter).await {
            Sent::Later => return Verdict::Retry(self.backoff(&RetryPolicy::DEFAULT)),
            Sent::Kept => tracing::error!(queue, message_id, reason = letter.reason, "message dead-lettered"),
            Sent::Nowhere => {
                tracing::error!(
                    queue,
                    message_id,
                    reason = letter.reason,
                    "message given up, without a dead-letter queue"
                );
                notes.homeless.get_or_insert_with(|| Box::new(letter));
            }
        }
        Verdict::Delete(Fate::DeadLettered)
    }

    async fn send(&self, letter: &DeadLetter) -> Sent {
        self.keeper.dead_letter(self.engine, self.queue, self.delivery, letter).await
    }

    fn backoff(&self, policy: &RetryPolicy) -> Duration {
        policy.backoff(self.queue.attempt(self.delivery))
    }

    /// Runs the subscribers concurrently; each that fails for good gets a dead letter of its own.
    async fn run(&self, event: &Decodable<'_>, more: &[Decodable<'_>], notes: &mut Notes) -> Verdict {
        let Self { engine, queue, delivery, keeper } = self;
        let mut done = queue.progress.done(&delivery.message_id);
        let nobody = event.listeners.is_empty() && more.iter().all(|event| event.listeners.is_empty());
        let traceparent = event.metadata.attributes().text(TRACEPARENT).map(str::to_owned);
        let mut failed = Vec::new();
        {
            // Pinned once and not moved, wherever it is awaited: it is large.
            let all = pin!(Some(async {
                // Mostly there is one, which needs no list.
                if let ([only], true, true) = (&*event.listeners, more.is_empty(), done.is_empty()) {
                    if let (index, Err(why)) = run_one(queue, *only, scene(engine, event, *keeper)).await {
                        failed.push((index, why));
                    }
                    return;
                }
                // Boxed, so that tasks that handle a message stay small.
                Box::pin(self.run_several(event, more, &mut done, &mut failed)).await;
            }));
            // A run that is cut off is dropped within the trace, too.
            let mut all = pin!(trace::scope(traceparent, Running::new(all)));
            // Mostly they are done without having waited.
            if poll_immediate(all.as_mut()).await.is_none() {
                tokio::select! {
                    // First a last poll of the handlers, which may have waited for this very token.
                    biased;
                    () = &mut all => {}
                    () = keeper.until_lost() => {}
                }
            }
        }

        if failed.is_empty() && done.is_empty() {
            return Verdict::Delete(if nobody { Fate::Ignored } else { Fate::Handled });
        }
        // In a box for the same reason.
        Box::pin(self.judge(failed, done, nobody, notes)).await
    }

    /// Runs those that are not done yet concurrently.
    async fn run_several(
        &self,
        event: &Decodable<'_>,
        more: &[Decodable<'_>],
        done: &mut Vec<usize>,
        failed: &mut Vec<(usize, Failed)>,
    ) {
        let Self { engine, queue, keeper, .. } = self;
        let runs = to_run(engine, event, more, done, *keeper).map(|(index, scene)| run_one(queue, index, scene));
        let mut runs: FuturesUnordered<_> = runs.collect();
        while let Some((index, result)) = runs.next().await {
            match result {
                // It may have ended because the lease was lost: the next consumer of the message runs it again.
                Ok(()) if keeper.is_stopped() => {}
                Ok(()) => done.push(index),
                Err(why) => failed.push((index, why)),
            }
        }
    }

    /// What is to be done with the message, of which some have `failed`, and those that are `done` are not to run
    /// again.
    async fn judge(
        &self,
        failed: Vec<(usize, Failed)>,
        mut done: Vec<usize>,
        nobody: bool,
        notes: &mut Notes,
    ) -> Verdict {
        let Self { queue, delivery, keeper, .. } = self;
        let mut again = None;
        let mut dead = false;
        for (index, Failed { error, then }) in failed {
            let policy = queue
                .subscribers
                .get(index)
                .map_or(RetryPolicy::DEFAULT, |member| member.subscription.descriptor.options().retry);
            let (retry, how) = match then {
                Then::Retry { after } if !queue.is_last(&policy, delivery) => {
                    (Some(after.unwrap_or_else(|| self.backoff(&policy))), "failed, will retry")
                }
                Then::Retry { .. } | Then::Reject if keeper.is_stopped() => {
                    (Some(Duration::ZERO), "failed, will retry")
                }
                Then::Retry { .. } | Then::Reject => {
                    let subscriber = queue.address(index).unwrap_or(Cow::Borrowed(error.subscriber()));
                    let letter = DeadLetter::given_up(subscriber, error.reason());
                    match self.send(&letter).await {
                        Sent::Kept => {
                            dead = true;
                            done.push(index);
                            (None, "gave up, dead-lettered")
                        }
                        Sent::Later => (Some(self.backoff(&policy)), "gave up, will retry"),
                        Sent::Nowhere => {
                            notes.homeless.get_or_insert_with(|| Box::new(letter));
                            (None, "gave up, without a dead-letter queue")
                        }
                    }
                }
            };
            self.report(&error, retry, how);
            again = again.max(retry);
            notes.failures.push(error);
        }
        if !done.is_empty() && (again.is_some() || notes.homeless.is_some() || keeper.is_stopped()) {
            // The message may be redelivered to this process: subscribers that are done are not run again.
            queue.progress.remember(&delivery.message_id, done);
        }
        match again {
            Some(after) => Verdict::Retry(after),
            None if dead => Verdict::Delete(Fate::DeadLettered),
            None if nobody => Verdict::Delete(Fate::Ignored),
            None => Verdict::Delete(Fate::Handled),
        }
    }

    fn report(&self, error: &SubscriberError, retry: Option<Duration>, how: &str) {
        let (subscriber, event, kind) = (error.subscriber(), error.event_name(), error.kind());
        let (queue, delivery) = (self.queue.name.as_str(), self.delivery);
        let (message_id, attempt) = (delivery.message_id.as_str(), delivery.attempt);
        match retry {
            Some(after) => tracing::warn!(
                subscriber, event, ?kind, queue, message_id, attempt, ?after, reason = %error.reason(), "subscriber {how}"
            ),
            None => tracing::error!(
                subscriber, event, ?kind, queue, message_id, attempt, reason = %error.reason(), "subscriber {how}"
            ),
        }
    }
}

/// The runs that are to be, by the index of their subscriber.
fn to_run<'a>(
    engine: &'a Engine,
    first: &'a Decodable<'a>,
    others: &'a [Decodable<'a>],
    done: &[usize],
    stop: &'a dyn Stop,
) -> impl Iterator<Item = (usize, Scene<'a>)> {
    let of = move |event: &'a Decodable<'a>| {
        let scene = scene(engine, event, stop);
        event.listeners.iter().filter(|index| !done.contains(index)).map(move |index| (*index, scene))
    };
    of(first).chain(others.iter().flat_map(of))
}

/// What the subscribers of an event are run with.
fn scene<'a>(engine: &'a Engine, event: &'a Decodable<'a>, stop: &'a dyn Stop) -> Scene<'a> {
    let (metadata, states) = (Known::Shared(&event.metadata), &engine.states);
    Scene { event: &event.event, metadata, states, cancellation: stop }
}

async fn run_one(queue: &Queue, index: usize, scene: Scene<'_>) -> (usize, Result<(), Failed>) {
    let Some(member) = queue.subscribers.get(index) else {
        return (index, Ok(()));
    };
    let _permit = match &member.limit {
        Some(limit) => limit.acquire().await.ok(),
        None => None,
    };
    (index, dispatch::run_in(&member.subscription, scene).await)
}
