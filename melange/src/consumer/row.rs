//! Lanes that run one after the other, in one task.

use std::any::Any;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{join, poll_immediate};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use super::begin::{self, Begins, Rest};
use super::budget::Permits;
use super::coalesce::Waiting;
use super::engine::Engine;
use super::lane::Lane;
use super::queue::Queue;
use super::settle::{Answers, Settling};
use crate::dispatch::let_go;
use crate::runtime::give_way;
use crate::subscriber::BoxFuture;

/// How long lanes run one after the other before yielding to other tasks.
const TOGETHER: Duration = Duration::from_millis(1);

/// A row without progress for this long gets another task.
const STALLS: Duration = Duration::from_millis(10);

/// The lanes of a receive, used if handlers have recently been fast. "Hands" (tasks) take the next lane from it; there
/// is only one hand as long as no lane waits.
///
/// A handler may block its thread nevertheless. So nothing that others wait for is held only by a hand: another one can
/// continue with what is left. And a hand wakes nobody between two handlers, because tokio keeps the task that a thread
/// woke last with that thread: answers and permits are kept here until the hand yields.
pub(crate) struct Row {
    engine: Arc<Engine>,
    index: usize,
    state: Mutex<State>,
}

struct State {
    rest: Rest,
    /// Answers for messages whose handlers are done.
    done: Answers,
    /// The permits of those messages.
    freed: Permits,
    /// How many were left, and how many were done, at the last check.
    looked: Option<(usize, usize)>,
}

impl Row {
    /// Runs it, watched.
    pub(super) fn begin(engine: &Arc<Engine>, index: usize, mut rest: Rest) {
        let Some(queue) = engine.queues.get(index) else { return };
        let (done, freed) = (Vec::with_capacity(rest.len()), rest.permits.split(0));
        let state = Mutex::new(State { rest, done, freed, looked: None });
        let row = Arc::new(Self { engine: Arc::clone(engine), index, state });
        queue.rows.add(&row);
        row.put_a_hand();
    }

    fn put_a_hand(self: Arc<Self>) {
        let lanes = self.engine.lanes.clone();
        tokio::spawn(lanes.track_future(hand(self)));
    }

    fn next(&self) -> Option<Begins> {
        self.state().rest.next()
    }

    /// Keeps the answer and the permit of a finished message, to be released together with others.
    pub(super) fn keep(&self, settling: Settling, permits: &mut Permits) {
        let mut state = self.state();
        state.done.push(Waiting::new(settling));
        state.freed.take_from(permits, 1);
    }

    /// Releases what is kept.
    async fn flush(&self) {
        let Some(queue) = self.engine.queues.get(self.index) else { return };
        let done = {
            let mut state = self.state();
            if state.done.is_empty() {
                return;
            }
            let most = state.freed.len();
            state.freed.release(most);
            std::mem::take(&mut state.done)
        };
        if let Some(full) = queue.settle(done) {
            full.await;
        }
    }

    async fn let_others_run(&self) {
        self.flush().await;
        give_way().await;
    }

    /// Whether it has made no progress since the last check; `None` if nothing is left.
    fn stalls(&self) -> Option<bool> {
        let mut state = self.state();
        let now = (state.rest.len(), state.done.len());
        (now != (0, 0)).then(|| state.looked.replace(now) == Some(now))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs lanes of a row. As soon as one waits, another hand continues with those behind it.
fn hand(row: Arc<Row>) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        let (engine, index) = (&row.engine, row.index);
        let Some(queue) = engine.queues.get(index) else { return };
        // Whoever was here before may be stuck.
        row.flush().await;
        let mut now = Instant::now();
        let mut until = now + TOGETHER;
        while let Some((first, behind, permits)) = row.next() {
            if !behind.is_empty() {
                begin::spawn(engine, index, (first, behind, permits), false);
                row.let_others_run().await;
                continue;
            }
            let mut lane = Lane { engine, queue, index, row: Some(&row), first: Some(first), behind, permits };
            let mut run = pin!(AssertUnwindSafe(lane.run(now)).catch_unwind());
            let Some(ended) = poll_immediate(run.as_mut()).await else {
                if row.state().rest.len() > 0 {
                    Arc::clone(&row).put_a_hand();
                }
                let ((), ended) = join(row.flush(), run).await;
                if let Err(thrown) = ended {
                    died(queue, thrown);
                }
                return;
            };
            now = ended.unwrap_or_else(|thrown| {
                died(queue, thrown);
                Instant::now()
            });
            if now >= until {
                row.let_others_run().await;
                now = Instant::now();
                until = now + TOGETHER;
            }
        }
        row.flush().await;
    })
}

/// A lane panicked.
fn died(queue: &Queue, thrown: Box<dyn Any + Send>) {
    let_go(thrown);
    tracing::error!(
        queue = queue.name,
        "a lane panicked, and its messages come again: please report this as a bug in melange"
    );
}

/// The rows of a queue that are running.
#[derive(Default)]
pub(crate) struct Rows {
    all: Mutex<Vec<Weak<Row>>>,
    added: Notify,
}

impl Rows {
    fn add(&self, row: &Arc<Row>) {
        self.all().push(Arc::downgrade(row));
        self.added.notify_one();
    }

    /// Continues, in another task, with the rest of a row whose thread is blocked. Never returns.
    pub(crate) async fn watch(&self) -> Infallible {
        loop {
            while !self.all().is_empty() {
                sleep(STALLS).await;
                self.stalled().into_iter().for_each(Row::put_a_hand);
            }
            self.added.notified().await;
        }
    }

    fn stalled(&self) -> Vec<Arc<Row>> {
        let mut stalled = Vec::new();
        self.all().retain(|row| {
            let Some(row) = row.upgrade() else { return false };
            let stalls = row.stalls();
            if stalls == Some(true) {
                stalled.push(row);
            }
            stalls.is_some()
        });
        stalled
    }

    fn all(&self) -> MutexGuard<'_, Vec<Weak<Row>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
