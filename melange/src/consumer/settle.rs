//! Settling a message once its handlers are done: it is deleted, or left to be redelivered. Batched in the background,
//! or at once if a caller waits for it.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::{SendError, TrySendError};
use tokio::time::Instant;

use super::coalesce::{Entry, Gather, Waiting, coalesce};
use super::engine::Engine;
use super::lane::Held;
use super::leases::Lease;
use super::process::{Handled, Notes};
use super::queue::Queue;
use super::report::{Fate, Processed};
use crate::retry::RetryPolicy;
use crate::subscriber::BoxFuture;
use crate::transport::{Delivery, TransportError, TransportErrorKind, Undecodable};

/// The longest that settling waits to be batched. In a FIFO queue the group waits with it, so it is short there.
const WINDOW: Duration = Duration::from_millis(100);
const FIFO_WINDOW: Duration = Duration::from_millis(10);

/// The most batches of answers that wait to be sent; then handlers wait.
const BACKLOG: usize = 100;

/// The longest visibility timeout that can be represented; brokers allow far less.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// What to do with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Delete it.
    Delete(Fate),
    /// Have it redelivered after this long.
    Retry(Duration),
    /// Return it to the queue, without having run to the end.
    Release(Duration),
    /// Nothing: its lease is lost.
    Lost,
}

impl Verdict {
    fn fate(self) -> Fate {
        match self {
            Self::Delete(fate) => fate,
            Self::Retry(after) => Fate::Retried { after },
            Self::Release(_) => Fate::Released,
            Self::Lost => Fate::LeaseLost,
        }
    }
}

/// Answers of one queue that are sent together.
pub(crate) type Answers = Vec<Waiting<Settling>>;

/// Where the answers of one queue go.
pub(crate) struct Settler {
    deletes: mpsc::Sender<Answers>,
    changes: mpsc::Sender<Answers>,
}

impl Settler {
    /// Starts the two tasks that send a queue's answers. They end when the engine's lanes have.
    pub(crate) fn start(engine: &Arc<Engine>, index: usize) -> Option<Self> {
        let queue = engine.queues.get(index)?;
        let window = if queue.is_fifo() { FIFO_WINDOW } else { WINDOW };
        let most = engine.transport.capabilities().max_batch.max(1);
        // Leases are no longer extended, and have ended by then.
        let gather = Gather { most, window, longest_call: queue.leases.visibility() };
        let (deletes, to_delete) = mpsc::channel(BACKLOG);
        let (changes, to_change) = mpsc::channel(BACKLOG);
        let (of_deletes, of_changes) = (Arc::clone(engine), Arc::clone(engine));
        engine.settlers.spawn(async move {
            let Some(queue) = of_deletes.queues.get(index) else { return };
            let call = |batch: &[Waiting<Settling>]| {
                let receipts = batch.iter().map(|one| one.entry.held.delivery.receipt.clone()).collect();
                of_deletes.transport.delete_all(&queue.name, receipts)
            };
            coalesce(gather, to_delete, call, &of_deletes.hurry, &of_deletes.settled).await;
        });
        engine.settlers.spawn(async move {
            let Some(queue) = of_changes.queues.get(index) else { return };
            let call = |batch: &[Waiting<Settling>]| {
                let now = Instant::now();
                let left =
                    |one: &Settling| one.visible_at.map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
                let changes =
                    batch.iter().map(|one| (one.entry.held.delivery.receipt.clone(), left(&one.entry))).collect();
                of_changes.transport.change_visibilities(&queue.name, changes)
            };
            coalesce(gather, to_change, call, &of_changes.hurry, &of_changes.settled).await;
        });
        Some(Self { deletes, changes })
    }

    /// Queues answers to be sent; waits if too many are queued already.
    pub(crate) fn settle(&self, answers: Answers) -> Option<BoxFuture<'_, ()>> {
        let is_delete = |answer: &Waiting<Settling>| matches!(answer.entry.verdict, Verdict::Delete(_));
        // As they mostly are.
        if answers.iter().all(is_delete) {
            return offer(&self.deletes, answers);
        }
        let (deletes, others): (Answers, Answers) = answers.into_iter().partition(is_delete);
        let (lost, changes): (Answers, Answers) =
            others.into_iter().partition(|answer| answer.entry.verdict == Verdict::Lost);
        expire(lost);
        match (offer(&self.deletes, deletes), offer(&self.changes, changes)) {
            (Some(one), Some(other)) => Some(Box::pin(async { ((), ()) = join(one, other).await })),
            (one, other) => one.or(other),
        }
    }
}

fn offer(to: &mpsc::Sender<Answers>, answers: Answers) -> Option<BoxFuture<'_, ()>> {
    if answers.is_empty() {
        return None;
    }
    match to.try_send(answers) {
        Ok(()) => None,
        // Boxed, because it is rare, and would otherwise enlarge every task that handles a message.
        Err(TrySendError::Full(answers)) => Some(Box::pin(async {
            if let Err(SendError(answers)) = to.send(answers).await {
                expire(answers);
            }
        })),
        Err(TrySendError::Closed(answers)) => {
            expire(answers);
            None
        }
    }
}

/// Nobody is left to send these answers.
fn expire(answers: Answers) {
    answers.into_iter().for_each(|answer| answer.entry.expired(None));
}

/// A message whose answer is on its way.
pub(crate) struct Settling {
    engine: Arc<Engine>,
    index: usize,
    held: Held,
    verdict: Verdict,
    /// When it should be visible again, if it should: the delay counts from now, even while this waits to be batched.
    visible_at: Option<Instant>,
    failures: usize,
}

impl Settling {
    pub(crate) fn new(engine: &Arc<Engine>, index: usize, mut held: Held, verdict: Verdict, failures: usize) -> Self {
        let visible_at = match verdict {
            Verdict::Retry(after) | Verdict::Release(after) => Some(Instant::now() + after.min(LONGEST)),
            Verdict::Delete(_) | Verdict::Lost => None,
        };
        if let (Verdict::Release(_), Some(queue)) = (verdict, engine.queues.get(index)) {
            queue.progress.goes_back_unrun(&held.delivery.message_id);
        }
        // Its content may be large, and is no longer needed.
        held.delivery.content = Err(Undecodable::new(String::new()));
        held.lease.finish(std::mem::take(&mut held.delivery.message_id), verdict);
        Self { engine: Arc::clone(engine), index, held, verdict, visible_at, failures }
    }

    /// `means` tells what has happened to it.
    fn end(self, means: impl FnOnce(&Queue, &str) -> Fate) {
        let Self { engine, index, mut held, verdict, failures, .. } = self;
        let message_id = held.lease.end();
        let Some(queue) = engine.queues.get(index) else { return };
        let fate = means(queue, &message_id);
        remember(queue, &message_id, verdict, fate);
        engine.counters.count(Some(fate), failures);
    }
}

impl Entry for Settling {
    fn is_urgent(&self) -> bool {
        matches!(self.verdict, Verdict::Release(_) | Verdict::Retry(Duration::ZERO))
    }

    fn is_over(&self, now: Instant) -> bool {
        !self.held.lease.is_ours(now)
    }

    fn answered(self, answer: Result<(), TransportError>) {
        let fate = self.verdict.fate();
        self.end(|queue, message_id| answer_means(queue, message_id, answer, fate));
    }

    fn expired(self, last: Option<TransportError>) {
        // If the broker had refused, or could not be reached, the message did not become visible by itself.
        let taken_back = last.is_none() && !self.held.lease.is_ours(Instant::now());
        self.end(|queue, message_id| {
            let error = last.as_ref().map(tracing::field::display);
            tracing::warn!(queue = queue.name, message_id, error, "no longer in hand: it comes again");
            if taken_back { Fate::LeaseLost } else { Fate::Unsettled }
        });
    }
}

/// Settles a message now, and returns what happened to it.
pub(crate) async fn now(
    engine: &Engine,
    queue: &Queue,
    delivery: &Delivery,
    lease: &Lease,
    handled: Handled,
) -> Processed {
    let Handled { event_type_name, verdict, notes: Notes { failures, .. } } = handled;
    let fate = verdict.fate();
    // The caller may be dropped before there is an answer.
    remember(queue, &delivery.message_id, verdict, Fate::Unsettled);
    let answer = match verdict {
        _ if !lease.is_ours(Instant::now()) => Err(lost()),
        Verdict::Lost => Err(lost()),
        Verdict::Delete(_) => with_retries(|| engine.transport.delete(&queue.name, &delivery.receipt)).await,
        Verdict::Retry(after) | Verdict::Release(after) => {
            with_retries(|| engine.transport.change_visibility(&queue.name, &delivery.receipt, after)).await
        }
    };
    let fate = answer_means(queue, &delivery.message_id, answer, fate);
    remember(queue, &delivery.message_id, verdict, fate);
    engine.counters.count(Some(fate), failures.len());
    Processed { event_type_name: event_type_name.map(Cow::into_owned), fate, failures }
}

fn lost() -> TransportError {
    TransportError::new(TransportErrorKind::LeaseLost, "its visibility is over")
}

/// A deleted message needs no progress any more; if deleting it failed, no subscriber runs for it again.
fn remember(queue: &Queue, message_id: &str, verdict: Verdict, fate: Fate) {
    match (verdict, fate) {
        (_, Fate::Handled | Fate::Ignored | Fate::DeadLettered) => queue.progress.forget(message_id),
        (Verdict::Delete(_), _) => queue.is_done_with(message_id),
        _ => {}
    }
}

fn answer_means(queue: &Queue, message_id: &str, answer: Result<(), TransportError>, fate: Fate) -> Fate {
    match answer {
        Ok(()) => fate,
        Err(error) => {
            tracing::warn!(queue = queue.name, message_id, %error, "not settled: it comes again");
            if error.kind() == TransportErrorKind::LeaseLost { Fate::LeaseLost } else { Fate::Unsettled }
        }
    }
}

/// Three tries, since a settling that fails costs a redelivery.
async fn with_retries<F>(call: impl Fn() -> F) -> Result<(), TransportError>
where
    F: Future<Output = Result<(), TransportError>>,
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
