//! Batching: entries that arrive a few at a time are sent in batches, soon, and each gets its own result.

use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::unanswered::within;
use crate::retry::RetryPolicy;
use crate::runtime::give_way;
use crate::transport::TransportError;

/// The most concurrent calls; further entries wait.
const CALLS: usize = 8;

/// The most entries that wait to be batched or retried; beyond that, senders wait too.
const BACKLOG: usize = 100;

/// How long urgent entries wait for each other, so that simultaneous ones go out together.
const MOMENT: Duration = Duration::from_millis(1);

/// Waits between tries of an entry that failed and may succeed later.
const RETRIES: RetryPolicy = RetryPolicy::new(u32::MAX, Duration::from_millis(100), Duration::from_secs(5));

/// Something that goes out in a batch.
pub(crate) trait Entry: Send + 'static {
    /// Whether it must not wait to be batched.
    fn is_urgent(&self) -> bool;
    /// Whether it is too late to send it `now`.
    fn is_over(&self, now: Instant) -> bool;
    /// Called with its result.
    fn answered(self, answer: Result<(), TransportError>);
    /// Called if it became too late before it was sent with success; `last` is the result of the last attempt.
    fn expired(self, last: Option<TransportError>);
}

/// How entries are gathered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gather {
    /// Most entries of a call.
    pub(crate) most: usize,
    /// The longest an entry waits to be batched.
    pub(crate) window: Duration,
    /// The longest a call may take: then its entries count as unanswered, and other calls can be made.
    pub(crate) longest_call: Duration,
}

/// An entry that is to go out.
pub(crate) struct Waiting<E> {
    pub(crate) entry: E,
    attempt: u32,
    /// The error of its last attempt, if there was one.
    last: Option<Box<TransportError>>,
}

impl<E> Waiting<E> {
    pub(crate) fn new(entry: E) -> Self {
        Self { entry, attempt: 1, last: None }
    }
}

/// Sends what arrives in `entries` with `call`, until `close` is cancelled and everything is answered, or all senders
/// of entries are gone. Once `hurry` is cancelled, nothing waits to be batched any more.
pub(crate) async fn coalesce<E: Entry, F>(
    gather: Gather,
    mut entries: mpsc::Receiver<Vec<Waiting<E>>>,
    call: impl Fn(&[Waiting<E>]) -> F,
    hurry: &CancellationToken,
    close: &CancellationToken,
) where
    F: Future<Output = Vec<Result<(), TransportError>>> + Send,
{
    let mut ready: Vec<Waiting<E>> = Vec::new();
    let mut flush_at: Option<Instant> = None;
    let mut calls = FuturesUnordered::new();
    let mut again = FuturesUnordered::new();
    let (mut open, mut closing, mut hurrying) = (true, false, false);
    let mut failing = 0;
    let (mut closed, mut hurried) = (pin!(close.cancelled()), pin!(hurry.cancelled()));
    let mut alarm = pin!(sleep_until(Instant::now()));
    loop {
        let due = flush_at.is_some_and(|at| at <= Instant::now());
        let full = ready.len() >= gather.most;
        if !ready.is_empty() && (full || due) && calls.len() < CALLS {
            fill(&mut ready, &mut entries, gather.most);
            let batch = first(&mut ready, gather.most);
            if ready.is_empty() {
                flush_at = None;
            }
            calls.push(send(batch, gather.longest_call, &call));
            continue;
        }
        if !open && ready.is_empty() && calls.is_empty() && again.is_empty() {
            return;
        }
        let flush = flush_at.filter(|_| calls.len() < CALLS);
        if let Some(at) = flush
            && alarm.deadline() != at
        {
            alarm.as_mut().reset(at);
        }
        let room = ready.len() + failing < BACKLOG;
        tokio::select! {
            biased;
            Some(failed) = calls.next(), if !calls.is_empty() => {
                // Entries that failed together are retried together.
                if let Some(attempt) = failed.iter().map(|waiting: &Waiting<E>| waiting.attempt).max() {
                    failing += failed.len();
                    again.push(async move {
                        tokio::time::sleep(RETRIES.backoff(attempt)).await;
                        failed
                    });
                }
            }
            Some(batch) = again.next(), if !again.is_empty() => {
                failing -= batch.len();
                flush_at = Some(Instant::now());
                add(&mut ready, batch);
            }
            came = entries.recv(), if open && room => {
                let Some(mut came) = came else {
                    open = false;
                    continue;
                };
                // Entries that arrive meanwhile join the batch.
                if ready.len() + came.len() < gather.most {
                    give_way().await;
                    fill(&mut came, &mut entries, gather.most - ready.len());
                }
                let soon = hurry.is_cancelled() || came.iter().any(|waiting| waiting.entry.is_urgent());
                let at = Instant::now() + if soon { MOMENT } else { gather.window };
                flush_at = Some(flush_at.map_or(at, |before| before.min(at)));
                add(&mut ready, came);
            },
            () = &mut closed, if !closing => {
                // What is in there already still comes out.
                entries.close();
                closing = true;
            }
            () = &mut hurried, if !hurrying => {
                flush_at = flush_at.map(|_| Instant::now());
                hurrying = true;
            }
            () = &mut alarm, if flush.is_some() => {}
        }
    }
}

/// Moves arrived entries into the batch, until there are at least this many.
fn fill<E>(to: &mut Vec<Waiting<E>>, entries: &mut mpsc::Receiver<Vec<Waiting<E>>>, least: usize) {
    while to.len() < least
        && let Ok(came) = entries.try_recv()
    {
        add(to, came);
    }
}

/// Appends to what is there, which is mostly nothing.
fn add<E>(to: &mut Vec<Waiting<E>>, came: Vec<Waiting<E>>) {
    if to.is_empty() {
        *to = came;
    } else {
        to.extend(came);
    }
}

/// The first of these, `most` at most: mostly they are no more.
fn first<E>(of: &mut Vec<Waiting<E>>, most: usize) -> Vec<Waiting<E>> {
    if of.len() <= most {
        return std::mem::take(of);
    }
    of.drain(..most).collect()
}

/// Sends a batch, answers the entries that are done, and returns those to be retried.
async fn send<E: Entry, F>(
    mut batch: Vec<Waiting<E>>,
    longest: Duration,
    call: impl Fn(&[Waiting<E>]) -> F,
) -> Vec<Waiting<E>>
where
    F: Future<Output = Vec<Result<(), TransportError>>> + Send,
{
    let now = Instant::now();
    for Waiting { entry, last, .. } in batch.extract_if(.., |waiting| waiting.entry.is_over(now)) {
        entry.expired(last.map(|last| *last));
    }
    if batch.is_empty() {
        return batch;
    }
    let mut answers = within(longest, call(&batch)).await.unwrap_or_default().into_iter();
    let mut failed = Vec::new();
    for Waiting { entry, attempt, .. } in batch {
        match answers.next().unwrap_or_else(|| Err(TransportError::no_answer())) {
            Err(error) if error.is_retryable() => {
                failed.push(Waiting { entry, attempt: attempt + 1, last: Some(Box::new(error)) });
            }
            answer => entry.answered(answer),
        }
    }
    failed
}
