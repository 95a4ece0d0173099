//! The way out: what is published or sent waits here for company, goes in as few requests as can be, and each message
//! gets an answer of its own.
//!
//! Every topic and every queue has a batcher, a task that holds its line. A batch goes
//!
//! - at once, when it is full: ten messages, or as many bytes as one request takes;
//! - when the oldest of it has waited for the window (`Aws::linger`), however many there are;
//! - at once, when there is one call only, and the last three windows brought no other: who publishes alone does not
//!   wait for company that does not come. As soon as two calls are there at the same time, the windows are back.
//!
//! To send the first at once and to gather while it is under way would be quicker by a window for the first few events
//! of a process, and dearer forever: ten publishers in loops would fill their requests by half, since each answer sets
//! one of them free to be sent alone.
//!
//! A batcher belongs to the runtime of those it sends for. A runtime that has ended, or that nobody drives just now,
//! holds up none of the others.

mod batcher;
mod line;
mod pace;
mod parcel;
mod verdict;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use melange::transport::{TransportError, TransportErrorKind as Kind};
use tokio::runtime::{self, Handle};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

pub(crate) use batcher::Target;
pub(crate) use line::Rules;
pub(crate) use pace::Pace;
pub(crate) use parcel::Parcel;
pub(crate) use verdict::{Outcome, Refusal, id, verdicts};

use crate::error;
use line::{Call, Held};

/// Most entries in one request. Source: the SNS and SQS API references, `PublishBatch` and `SendMessageBatch`.
pub(crate) const MOST: usize = 10;
/// How many chunks of up to ten messages may lie between the callers and a batcher. So many that those who come at the
/// same time need not be woken one after the other, which may take longer than the window.
const QUEUE: usize = 1_000;
/// How often a message is handed to another batcher when one has ended with it.
const BATCHERS: usize = 3;

pub(crate) type Answer = Result<(), TransportError>;

/// Where parcels go.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Address {
    /// The topic with this ARN.
    Topic(Arc<str>),
    /// The queue that AWS calls this.
    Queue(Arc<str>),
}

impl Address {
    /// The ARN of the topic, or the name of the queue.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Topic(name) | Self::Queue(name) => name,
        }
    }
}

/// The batchers, which all clones of an `Aws` share. They end when the last of those is dropped.
#[derive(Default)]
pub(crate) struct Outbox {
    pace: Pace,
    batchers: RwLock<HashMap<(Address, runtime::Id), Batcher>>,
}

/// A parcel, and its answer once there is one.
struct Slot {
    parcel: Arc<Parcel>,
    answer: Option<Answer>,
}

struct Batcher {
    queue: mpsc::Sender<Vec<Held>>,
    task: JoinHandle<()>,
}

impl Outbox {
    pub(crate) fn new(pace: Pace) -> Self {
        Self { pace, batchers: RwLock::default() }
    }

    pub(crate) fn pace(&self) -> &Pace {
        &self.pace
    }

    /// Sends to `address`, which is `target`, and answers for each, in order.
    pub(crate) async fn post<T: Target>(
        &self,
        address: &Address,
        rules: &Rules,
        target: impl Fn() -> T,
        parcels: Vec<Parcel>,
    ) -> Vec<Answer> {
        let call = Arc::new(Call::default());
        let mut slots: Vec<Slot> =
            parcels.into_iter().map(|parcel| Slot { parcel: Arc::new(parcel), answer: None }).collect();
        for _ in 0..BATCHERS {
            let mut left: Vec<&mut Slot> = slots.iter_mut().filter(|slot| slot.answer.is_none()).collect();
            if left.is_empty() {
                break;
            }
            let queue = match self.queue(address, rules, &target) {
                Ok(queue) => queue,
                Err(error) => {
                    left.into_iter().for_each(|slot| slot.answer = Some(Err(error::again(&error))));
                    break;
                }
            };
            let mut promises = Vec::with_capacity(left.len());
            for chunk in left.chunks(MOST) {
                let mut held = Vec::with_capacity(chunk.len());
                for slot in chunk {
                    let (answer, promise) = oneshot::channel();
                    held.push(Held::new(Arc::clone(&slot.parcel), Arc::clone(&call), answer));
                    promises.push(promise);
                }
                // A batcher that has ended takes none, and its promises are broken.
                let _ = queue.send(held).await;
            }
            for (slot, promise) in left.iter_mut().zip(promises) {
                slot.answer = promise.await.ok();
            }
        }
        slots.into_iter().map(|slot| slot.answer.unwrap_or_else(|| Err(no_batcher()))).collect()
    }

    /// The way to the batcher of `address` on this runtime, which is started if there is none.
    fn queue<T: Target>(
        &self,
        address: &Address,
        rules: &Rules,
        target: impl Fn() -> T,
    ) -> Result<mpsc::Sender<Vec<Held>>, TransportError> {
        let runtime = Handle::try_current().map_err(|error| {
            TransportError::new(Kind::Configuration, "AWS is called outside of a tokio runtime: publish within one")
                .with_source(error)
        })?;
        let key = (address.clone(), runtime.id());
        let alive = |batchers: &HashMap<_, Batcher>| Some(batchers.get(&key).filter(|it| it.is_alive())?.queue.clone());
        // Nearly always there is one, for which nobody has to wait.
        if let Some(queue) = alive(&self.batchers.read().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(queue);
        }
        let mut batchers = self.batchers.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(queue) = alive(&batchers) {
            return Ok(queue);
        }
        batchers.retain(|_, batcher| batcher.is_alive());
        let (queue, parcels) = mpsc::channel(QUEUE);
        let task = runtime.spawn(batcher::run(Arc::new(target()), rules.clone(), self.pace.in_flight, parcels));
        batchers.insert(key, Batcher { queue: queue.clone(), task });
        Ok(queue)
    }
}

impl Batcher {
    fn is_alive(&self) -> bool {
        // A runtime that shuts down drops the task, and with it the other end of the queue.
        !self.queue.is_closed() && !self.task.is_finished()
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox").field("pace", &self.pace).finish_non_exhaustive()
    }
}

/// Puts what was answered for those that were sent, in order, in the place of those that could be.
pub(crate) fn fill(answers: &mut [Answer], sent: Vec<Answer>) {
    let mut sent = sent.into_iter();
    for answer in answers.iter_mut().filter(|answer| answer.is_ok()) {
        *answer = sent.next().unwrap_or_else(|| Err(unanswered()));
    }
}

pub(crate) fn unanswered() -> TransportError {
    TransportError::new(Kind::Unavailable, "nothing is known of this message")
}

fn no_batcher() -> TransportError {
    let what = "the task that was to send it ended before it was answered: the tokio runtime is shutting down, or it has no \
                timer (build it with `enable_all()`)";
    TransportError::new(Kind::Unavailable, what)
}

#[cfg(test)]
mod tests;
