//! The task that sends what waits for one topic or queue.

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use melange::transport::{TransportError, TransportErrorKind as Kind};
use tokio::sync::mpsc;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::MOST;
use super::line::{Batch, Held, Line, Rules};
use super::parcel::Parcel;
use super::verdict::Outcome;

/// How long a batcher without work stays.
const IDLE: Duration = Duration::from_secs(60);
/// What a request may take beyond the patience with its messages, so that its own timeout, which knows more, is first.
const SLACK: Duration = Duration::from_secs(1);

/// What parcels are sent to: a topic or a queue.
pub(crate) trait Target: Send + Sync + 'static {
    /// Sends up to ten parcels in one request, and says what became of each, in order.
    fn send(&self, parcels: Vec<Arc<Parcel>>) -> impl Future<Output = Outcome> + Send;
}

/// Sends what comes through `queue` to `target`, at most `in_flight` requests at a time, until the other end of the queue
/// is dropped or nothing has come for a minute.
///
/// It is the only one that touches its line, so there is no lock. A caller that goes away takes nothing with it but its
/// own message. When the task ends with its runtime, the answers it owes are dropped with it, and whoever waits for them
/// sees that.
pub(super) async fn run<T: Target>(
    target: Arc<T>,
    rules: Rules,
    in_flight: usize,
    mut queue: mpsc::Receiver<Vec<Held>>,
) {
    let mut line = Line::new(rules);
    let mut requests = Requests::default();
    // As much as goes in the requests under way and in the next ones: what else comes waits with its caller.
    let room = in_flight.saturating_mul(2 * MOST);
    let mut open = true;
    let mut idle_at = Instant::now() + IDLE;
    let mut alarm = pin!(sleep_until(idle_at));
    loop {
        while line.len() < room
            && let Ok(chunk) = queue.try_recv()
        {
            chunk.into_iter().for_each(|held| line.push(held));
        }
        while requests.len() < in_flight
            && let Some(batch) = line.take(Instant::now())
        {
            requests.start(&target, batch);
        }
        let idle = line.len() == 0;
        if idle && !open {
            return;
        }
        let due = line.due().filter(|_| requests.len() < in_flight);
        let wake_at = due.or((idle && open).then_some(idle_at));
        // It may ring too early, and so is not set for every message.
        if let Some(at) = wake_at
            && (alarm.is_elapsed() || alarm.deadline() > at)
        {
            alarm.as_mut().reset(at);
        }
        tokio::select! {
            biased;
            Some((ticket, outcome)) = requests.next() => {
                // First the next request, if there is one: to answer all of the last one takes a while.
                if let Some(batch) = line.take(Instant::now()) {
                    requests.start(&target, batch);
                }
                line.settle(ticket, outcome, Instant::now());
                idle_at = Instant::now() + IDLE;
            }
            chunk = queue.recv(), if open && line.len() < room => match chunk {
                Some(chunk) => {
                    chunk.into_iter().for_each(|held| line.push(held));
                    idle_at = Instant::now() + IDLE;
                    // Those who publish at the same moment come along.
                    give_way().await;
                }
                None => open = false,
            },
            () = &mut alarm, if wake_at.is_some() => {
                // Who comes now finds it closed and starts another; what is in the queue already is still received.
                if idle && open && idle_at <= Instant::now() {
                    queue.close();
                }
            }
        }
    }
}

/// Lets other tasks run. Not by tokio's `yield_now`, which keeps a task with its thread, where the next one may be a subscriber
/// that blocks it, and everybody's messages would wait with it: this way any thread can take it.
async fn give_way() {
    let mut given = false;
    poll_fn(|cx| {
        if given {
            return Poll::Ready(());
        }
        given = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// The requests under way.
#[derive(Default)]
struct Requests {
    tasks: JoinSet<Outcome>,
    /// By the id of their task: it may end without a word.
    tickets: HashMap<Id, u64>,
}

impl Requests {
    fn len(&self) -> usize {
        self.tasks.len()
    }

    fn start<T: Target>(&mut self, target: &Arc<T>, batch: Batch) {
        let target = Arc::clone(target);
        let Batch { ticket, parcels, until } = batch;
        let task = self.tasks.spawn(async move {
            timeout_at(until + SLACK, target.send(parcels)).await.unwrap_or_else(|_| {
                Err(TransportError::new(
                    Kind::Unavailable,
                    "no answer came within the time for sending and its retries",
                ))
            })
        });
        self.tickets.insert(task.id(), ticket);
    }

    /// The next that ends; `None` when there is none.
    async fn next(&mut self) -> Option<(u64, Outcome)> {
        let ended = self.tasks.join_next_with_id().await?;
        let (id, outcome) = match ended {
            Ok(ended) => ended,
            Err(error) => (error.id(), Err(died(&error))),
        };
        Some((self.tickets.remove(&id).unwrap_or_default(), outcome))
    }
}

fn died(error: &JoinError) -> TransportError {
    // Not the panic's message, which may quote the event.
    let how = if error.is_panic() { "panicked" } else { "was cancelled" };
    TransportError::new(Kind::Unavailable, format!("the task of the request {how}, so nobody knows what became of it"))
}
