//! One message, from its decoding to its settling.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio_util::sync::CancellationToken;

use super::UnknownEvents;
use super::decode::{Decodable, Decoded, decode};
use super::engine::Engine;
use super::queue::Queue;
use super::report::{Fate, Processed};
use crate::attributes::TRACEPARENT;
use crate::dispatch::{self, Failed, Run, SubscriberError};
use crate::outcome::Then;
use crate::retry::RetryPolicy;
use crate::trace;
use crate::transport::{DeadLetter, Delivery, TransportErrorKind};

/// What is to be done with a message once all its subscribers have run.
enum Settle {
    Delete(Fate),
    Retry { after: Duration, done: HashSet<usize> },
}

/// Runs every subscriber of a message that is not done with it yet, and settles it. `lease` is cancelled when the
/// message is no longer ours.
pub(crate) async fn process(
    engine: &Engine,
    queue: &Queue,
    delivery: &Delivery,
    lease: &CancellationToken,
) -> Processed {
    let mut failures = Vec::new();
    let (name, settle) = match decode(queue, delivery) {
        Decoded::Events { name, events } => {
            let settle = run(engine, queue, delivery, events, lease, &mut failures).await;
            (Some(name), settle)
        }
        Decoded::Unknown { name } => {
            let settle = unknown(engine, queue, delivery, &name).await;
            (Some(name), settle)
        }
        Decoded::UnknownVersion { name, version } => {
            let why = format!(
                "no subscriber here can read version {version} of {name}: deploy the newer event, or add `upcast_from`"
            );
            let settle = if RetryPolicy::DEFAULT.is_last(delivery.attempt) {
                give_up(engine, queue, delivery, &DeadLetter::unreadable(why)).await
            } else {
                tracing::warn!(queue = queue.name, message_id = delivery.message_id, "{why}");
                Settle::Retry { after: RetryPolicy::DEFAULT.backoff(delivery.attempt), done: HashSet::new() }
            };
            (Some(name), settle)
        }
        Decoded::Unreadable { name, why } => {
            let settle = give_up(engine, queue, delivery, &DeadLetter::unreadable(why)).await;
            (name, settle)
        }
    };
    let fate = if lease.is_cancelled() {
        lost(queue, delivery, settle)
    } else {
        finish(engine, queue, delivery, settle).await
    };
    Processed { event_type_name: name, fate, failures }
}

/// Runs the subscribers side by side; each that fails for good gets a dead letter of its own.
async fn run(
    engine: &Engine,
    queue: &Queue,
    delivery: &Delivery,
    events: Vec<Decodable>,
    lease: &CancellationToken,
    failures: &mut Vec<SubscriberError>,
) -> Settle {
    let mut done = queue.progress.done(&delivery.message_id);
    let nobody = events.iter().all(|event| event.listeners.is_empty());
    let mut runs = FuturesUnordered::new();
    for event in &events {
        let with = Run {
            event: Arc::clone(&event.event),
            metadata: Arc::clone(&event.metadata),
            states: Arc::clone(&engine.states),
            cancellation: lease.clone(),
        };
        for &index in event.listeners.iter().filter(|index| !done.contains(index)) {
            runs.push(run_one(queue, index, with.clone()));
        }
    }
    let traceparent = events.first().and_then(|event| event.metadata.attributes.text(TRACEPARENT)).map(str::to_owned);
    let mut results = Vec::with_capacity(runs.len());
    let all = async {
        while let Some(result) = runs.next().await {
            results.push(result);
        }
    };
    tokio::select! {
        // First a last poll of the handlers, which may have waited for this very token.
        biased;
        () = trace::with_traceparent(traceparent, all) => {}
        () = lease.cancelled() => {}
    }

    let mut again = None;
    let mut dead = false;
    for (index, result) in results {
        let Err(Failed { error, then }) = result else {
            done.insert(index);
            continue;
        };
        let policy = queue
            .subscribers
            .get(index)
            .map_or(RetryPolicy::DEFAULT, |member| member.subscription.descriptor.options().retry);
        let retry = match then {
            Then::Retry { after } if !policy.is_last(delivery.attempt) => {
                Some(after.unwrap_or_else(|| policy.backoff(delivery.attempt)))
            }
            Then::Retry { .. } | Then::Reject if lease.is_cancelled() => Some(Duration::ZERO),
            Then::Retry { .. } | Then::Reject => {
                let letter = DeadLetter::given_up(error.subscriber(), error.reason());
                if send(engine, queue, delivery, &letter).await {
                    dead = true;
                    done.insert(index);
                    None
                } else {
                    Some(policy.backoff(delivery.attempt))
                }
            }
        };
        report(queue, delivery, &error, retry);
        again = again.max(retry);
        failures.push(error);
    }
    match again {
        Some(after) => Settle::Retry { after, done },
        None if dead => Settle::Delete(Fate::DeadLettered),
        None if nobody => Settle::Delete(Fate::Ignored),
        None => Settle::Delete(Fate::Handled),
    }
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

async fn unknown(engine: &Engine, queue: &Queue, delivery: &Delivery, name: &str) -> Settle {
    match engine.unknown_events {
        UnknownEvents::Acknowledge => {
            tracing::debug!(queue = queue.name, event = name, "nobody here listens to it");
            Settle::Delete(Fate::Ignored)
        }
        UnknownEvents::DeadLetter => {
            let letter = DeadLetter::unreadable(format_args!("no subscriber of this queue listens to {name}"));
            give_up(engine, queue, delivery, &letter).await
        }
    }
}

/// To the dead-letter queue; again later, as long as that does not take it.
async fn give_up(engine: &Engine, queue: &Queue, delivery: &Delivery, letter: &DeadLetter) -> Settle {
    tracing::error!(
        queue = queue.name,
        message_id = delivery.message_id,
        reason = letter.reason,
        "message dead-lettered"
    );
    if send(engine, queue, delivery, letter).await {
        Settle::Delete(Fate::DeadLettered)
    } else {
        Settle::Retry { after: RetryPolicy::DEFAULT.backoff(delivery.attempt), done: HashSet::new() }
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

/// Whoever has the message now runs it again; what was done in this process is remembered, in case that is us.
fn lost(queue: &Queue, delivery: &Delivery, settle: Settle) -> Fate {
    tracing::warn!(
        queue = queue.name,
        message_id = delivery.message_id,
        "the lease was lost before the message was done"
    );
    match settle {
        Settle::Retry { done, .. } => queue.progress.remember(&delivery.message_id, done),
        Settle::Delete(_) => queue.progress.remember(&delivery.message_id, (0..queue.subscribers.len()).collect()),
    }
    Fate::LeaseLost
}

async fn finish(engine: &Engine, queue: &Queue, delivery: &Delivery, settle: Settle) -> Fate {
    match settle {
        Settle::Delete(fate) => {
            // Until the delete is answered the message may come again, and nobody is to run for it then.
            queue.progress.remember(&delivery.message_id, (0..queue.subscribers.len()).collect());
            let answer = with_retries(|| engine.transport.delete(&queue.name, &delivery.receipt)).await;
            settled(queue, delivery, answer, fate)
        }
        Settle::Retry { after, done } => {
            queue.progress.remember(&delivery.message_id, done);
            let rest = || engine.transport.change_visibility(&queue.name, &delivery.receipt, after);
            let answer = with_retries(rest).await;
            settled(queue, delivery, answer, Fate::Retried { after })
        }
    }
}

fn settled(
    queue: &Queue,
    delivery: &Delivery,
    answer: Result<(), crate::transport::TransportError>,
    fate: Fate,
) -> Fate {
    match answer {
        Ok(()) => {
            if !matches!(fate, Fate::Retried { .. }) {
                queue.progress.forget(&delivery.message_id);
            }
            fate
        }
        Err(error) => {
            tracing::warn!(queue = queue.name, message_id = delivery.message_id, %error, "not settled: it will come again");
            if error.kind() == TransportErrorKind::LeaseLost { Fate::LeaseLost } else { Fate::Unsettled }
        }
    }
}

/// Three tries, since a settling that fails costs a redelivery.
async fn with_retries<F>(call: impl Fn() -> F) -> Result<(), crate::transport::TransportError>
where
    F: Future<Output = Result<(), crate::transport::TransportError>>,
{
    const SETTLING: RetryPolicy = RetryPolicy::new(3, Duration::from_millis(100), Duration::from_secs(1));
    let mut attempt = 1;
    loop {
        match call().await {
            Err(error) if error.is_retryable() && !SETTLING.is_last(attempt) => {
                tokio::time::sleep(SETTLING.backoff(attempt)).await;
                attempt += 1;
            }
            answer => return answer,
        }
    }
}
