//! One message, from its decoding to its settling.

use std::borrow::Cow;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio_util::sync::CancellationToken;

use super::UnknownEvents;
use super::decode::{Decodable, Decoded, decode};
use super::engine::Engine;
use super::leases::Lease;
use super::queue::Queue;
use super::report::Fate;
use super::settle::Verdict;
use crate::attributes::TRACEPARENT;
use crate::dispatch::{self, Failed, Run, SubscriberError};
use crate::outcome::Then;
use crate::retry::RetryPolicy;
use crate::trace;
use crate::transport::{DeadLetter, Delivery};

/// What the subscribers of a message made of it.
pub(crate) struct Handled {
    pub(crate) event_type_name: Option<Cow<'static, str>>,
    pub(crate) verdict: Verdict,
    pub(crate) failures: Vec<SubscriberError>,
}

/// Runs every subscriber of a message that is not done with it yet, and says what is to be done with it.
pub(crate) async fn handle(engine: &Engine, queue: &Queue, delivery: &Delivery, lease: &Lease) -> Handled {
    let mut failures = Vec::new();
    if delivery.attempt > 1
        && let Some(fate) = queue.leases.being_deleted(&delivery.message_id)
    {
        return Handled { event_type_name: None, verdict: Verdict::Delete(fate), failures };
    }
    let (event_type_name, verdict) = match decode(queue, delivery) {
        Decoded::Events { name, events } => {
            let verdict = run(engine, queue, delivery, events, lease, &mut failures).await;
            (Some(name), verdict)
        }
        Decoded::Unknown { name } => {
            let verdict = unknown(engine, queue, delivery, &name).await;
            (Some(name.into()), verdict)
        }
        Decoded::UnknownVersion { name, version } => {
            let verdict = unknown_version(engine, queue, delivery, &name, version).await;
            (Some(name.into()), verdict)
        }
        Decoded::Unreadable { name, why } => {
            let verdict = give_up(engine, queue, delivery, &DeadLetter::unreadable(why)).await;
            (name.map(Cow::Owned), verdict)
        }
    };
    let verdict = if lease.is_lost() { lost(queue, delivery) } else { verdict };
    Handled { event_type_name, verdict, failures }
}

/// A newer process can read it.
async fn unknown_version(engine: &Engine, queue: &Queue, delivery: &Delivery, name: &str, version: u32) -> Verdict {
    let why = format!(
        "no subscriber here can read version {version} of {name}: deploy the newer event, or add `upcast_from`"
    );
    leave_to_others(engine, queue, delivery, why).await
}

/// Time for others to come and take it; then the dead-letter queue, where nothing is lost.
async fn leave_to_others(engine: &Engine, queue: &Queue, delivery: &Delivery, why: String) -> Verdict {
    let policy = queue.patience_with_newer();
    if queue.is_last(&policy, delivery) {
        return give_up(engine, queue, delivery, &DeadLetter::unreadable(why)).await;
    }
    tracing::warn!(queue = queue.name, message_id = delivery.message_id, "{why}");
    Verdict::Retry(policy.backoff(queue.attempt(delivery)))
}

/// Runs the subscribers side by side; each that fails for good gets a dead letter of its own.
async fn run(
    engine: &Engine,
    queue: &Queue,
    delivery: &Delivery,
    events: Vec<Decodable>,
    lease: &Lease,
    failures: &mut Vec<SubscriberError>,
) -> Verdict {
    let stop = lease.token();
    let mut done = queue.progress.done(&delivery.message_id);
    let nobody = events.iter().all(|event| event.listeners.is_empty());
    // Mostly there is one, which needs no list.
    let (first, others) = {
        let mut runs = to_run(engine, &events, &done, stop);
        (runs.next(), runs.collect::<Vec<_>>())
    };
    let traceparent = events.first().and_then(|event| event.metadata.attributes.text(TRACEPARENT)).map(str::to_owned);
    let mut failed = Vec::new();
    let all = trace::scope(traceparent, async {
        let run = |(index, with)| run_one(queue, index, with);
        if others.is_empty() {
            if let Some(only) = first
                && let (index, Err(why)) = run(only).await
            {
                failed.push((index, why));
            }
            return;
        }
        let mut runs: FuturesUnordered<_> = first.into_iter().chain(others).map(run).collect();
        while let Some((index, result)) = runs.next().await {
            match result {
                // It may have ended because of it: whoever gets the message next runs it again.
                Ok(()) if stop.is_cancelled() => {}
                Ok(()) => done.push(index),
                Err(why) => failed.push((index, why)),
            }
        }
    });
    {
        // Held once, wherever it is waited for.
        let mut all = pin!(all);
        tokio::select! {
            // First a last poll of the handlers, which may have waited for this very token.
            biased;
            () = &mut all => {}
            () = lease.lost() => {}
        }
    }

    let mut again = None;
    let mut dead = false;
    for (index, Failed { error, then }) in failed {
        let policy = queue
            .subscribers
            .get(index)
            .map_or(RetryPolicy::DEFAULT, |member| member.subscription.descriptor.options().retry);
        let retry = match then {
            Then::Retry { after } if !queue.is_last(&policy, delivery) => {
                Some(after.unwrap_or_else(|| policy.backoff(queue.attempt(delivery))))
            }
            Then::Retry { .. } | Then::Reject if stop.is_cancelled() => Some(Duration::ZERO),
            Then::Retry { .. } | Then::Reject => {
                let letter = DeadLetter::given_up(error.subscriber(), error.reason());
                if send(engine, queue, delivery, &letter).await {
                    dead = true;
                    done.push(index);
                    None
                } else {
                    Some(policy.backoff(queue.attempt(delivery)))
                }
            }
        };
        report(queue, delivery, &error, retry);
        again = again.max(retry);
        failures.push(error);
    }
    if again.is_some() || stop.is_cancelled() {
        // Whoever has the message next may be us: those that are done are not run again.
        queue.progress.remember(&delivery.message_id, done);
    }
    match again {
        Some(after) => Verdict::Retry(after),
        None if dead => Verdict::Delete(Fate::DeadLettered),
        None if nobody => Verdict::Delete(Fate::Ignored),
        None => Verdict::Delete(Fate::Handled),
    }
}

/// The runs that are to be, by the index of their subscriber.
fn to_run<'a>(
    engine: &'a Engine,
    events: &'a [Decodable],
    done: &'a [usize],
    stop: &'a CancellationToken,
) -> impl Iterator<Item = (usize, Run)> + 'a {
    events.iter().flat_map(move |event| {
        let with = move |&index: &usize| {
            let run = Run {
                event: Arc::clone(&event.event),
                metadata: Arc::clone(&event.metadata),
                states: Arc::clone(&engine.states),
                cancellation: stop.clone(),
            };
            (index, run)
        };
        event.listeners.iter().filter(|index| !done.contains(index)).map(with)
    })
}

async fn run_one(queue: &Queue, index: usize, with: Run) -> (usize, Result<(), Failed>) {
    let Some(member) = queue.subscribers.get(index) else {
        return (index, Ok(()));
    };
    let _permit = match &member.limit {
        Some(limit) => limit.acquire().await.ok(),
        None => None,
    };
    (index, dispatch::run(&member.subscription, &with).await)
}

fn report(queue: &Queue, delivery: &Delivery, error: &SubscriberError, retry: Option<Duration>) {
    let (subscriber, event, kind) = (error.subscriber(), error.event_name(), error.kind());
    let (queue, message_id, attempt) = (queue.name.as_str(), delivery.message_id.as_str(), delivery.attempt);
    match retry {
        Some(after) => tracing::warn!(
            subscriber, event, ?kind, queue, message_id, attempt, ?after, reason = %error.reason(), "subscriber failed, will retry"
        ),
        None => tracing::error!(
            subscriber, event, ?kind, queue, message_id, attempt, reason = %error.reason(), "subscriber gave up, dead-lettered"
        ),
    }
}

async fn unknown(engine: &Engine, queue: &Queue, delivery: &Delivery, name: &str) -> Verdict {
    if engine.transport.is_wanted(&engine.topology, &queue.name, name).await {
        let why = format!("another version of the service listens to {name} on this queue, and has not come for it");
        return leave_to_others(engine, queue, delivery, why).await;
    }
    match engine.unknown_events {
        UnknownEvents::Acknowledge => {
            tracing::debug!(queue = queue.name, event = name, "nobody here listens to it");
            Verdict::Delete(Fate::Ignored)
        }
        UnknownEvents::DeadLetter => {
            let letter = DeadLetter::unreadable(format_args!("no subscriber of this queue listens to {name}"));
            give_up(engine, queue, delivery, &letter).await
        }
    }
}

/// To the dead-letter queue; again later, as long as that does not take it.
async fn give_up(engine: &Engine, queue: &Queue, delivery: &Delivery, letter: &DeadLetter) -> Verdict {
    tracing::error!(
        queue = queue.name,
        message_id = delivery.message_id,
        reason = letter.reason,
        "message dead-lettered"
    );
    if send(engine, queue, delivery, letter).await {
        Verdict::Delete(Fate::DeadLettered)
    } else {
        Verdict::Retry(RetryPolicy::DEFAULT.backoff(queue.attempt(delivery)))
    }
}

async fn send(engine: &Engine, queue: &Queue, delivery: &Delivery, letter: &DeadLetter) -> bool {
    match engine.transport.dead_letter(&queue.name, delivery, letter).await {
        Ok(()) => {
            engine.counters.dead_letters.fetch_add(1, Ordering::Relaxed);
            true
        }
        Err(error) => {
            tracing::error!(queue = queue.name, message_id = delivery.message_id, %error, "the dead-letter queue did not take it, will retry");
            false
        }
    }
}

/// Whoever has the message now runs it again.
fn lost(queue: &Queue, delivery: &Delivery) -> Verdict {
    let (queue, message_id) = (&queue.name, &delivery.message_id);
    tracing::warn!(queue, message_id, "the lease was lost before the message was done");
    Verdict::Lost
}
