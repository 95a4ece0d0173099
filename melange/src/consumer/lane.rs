//! Messages in hand that must be handled one after the other, and the lease on them.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::engine::Engine;
use super::process::process;
use super::queue::Queue;
use super::report::{Fate, Processed};
use crate::transport::{Delivery, TransportErrorKind};

/// Longest a message is given to be handed back once its time is over.
const RELEASE: Duration = Duration::from_secs(2);

/// Processes `deliveries` in order. While it does, everything still in hand is kept invisible to others; when `abort` is
/// cancelled, the rest is handed back at once.
pub(crate) async fn run(
    engine: &Engine,
    queue: &Queue,
    deliveries: Vec<Delivery>,
    abort: &CancellationToken,
) -> Vec<Processed> {
    let hand = Hand::new(deliveries);
    let mut all = Vec::with_capacity(hand.held.len());
    let in_order = async {
        let mut halted = None;
        for held in &hand.held {
            let processed = match halted {
                Some(after) => release(engine, queue, held, after).await,
                None => process(engine, queue, &held.delivery, &held.lease).await,
            };
            held.settle();
            // In a FIFO group nothing may run before what failed: the rest comes back when that does, not sooner. On other
            // queues the order is best effort.
            halted = match processed.fate {
                _ if !queue.is_fifo() => None,
                Fate::Handled | Fate::Ignored | Fate::DeadLettered => None,
                Fate::Retried { after } => Some(after),
                Fate::Released | Fate::LeaseLost | Fate::Unsettled => halted.or(Some(Duration::ZERO)),
            };
            engine.counters.count(&processed);
            all.push(processed);
        }
    };
    let finished = tokio::select! {
        biased;
        () = abort.cancelled() => false,
        () = in_order => true,
        () = hand.keep(engine, queue) => false,
    };
    if !finished {
        for held in hand.held.iter().filter(|held| !held.is_settled()) {
            held.lease.cancel();
            let processed = release(engine, queue, held, Duration::ZERO).await;
            engine.counters.count(&processed);
            all.push(processed);
        }
    }
    all
}

async fn release(engine: &Engine, queue: &Queue, held: &Held, after: Duration) -> Processed {
    let back = engine.transport.change_visibility(&queue.name, &held.delivery.receipt, after);
    let fate = match tokio::time::timeout(RELEASE, back).await {
        Ok(Ok(())) => Fate::Released,
        Ok(Err(error)) if error.kind() == TransportErrorKind::LeaseLost => Fate::LeaseLost,
        _ => Fate::Unsettled,
    };
    Processed { event_type_name: None, fate, failures: Vec::new() }
}

/// What is in hand.
struct Hand {
    held: Vec<Held>,
    since: Instant,
}

struct Held {
    delivery: Delivery,
    /// Cancelled when the message is no longer ours, and when it is handed back.
    lease: CancellationToken,
    settled: Mutex<bool>,
}

impl Held {
    fn settle(&self) {
        *self.settled.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }

    fn is_settled(&self) -> bool {
        *self.settled.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hand {
    fn new(deliveries: Vec<Delivery>) -> Self {
        let hold = |delivery| Held { delivery, lease: CancellationToken::new(), settled: Mutex::new(false) };
        Self { held: deliveries.into_iter().map(hold).collect(), since: Instant::now() }
    }

    /// Extends the lease on everything in hand, at half the queue's visibility, for as long as the transport allows.
    /// Never returns.
    async fn keep(&self, engine: &Engine, queue: &Queue) {
        let most = engine.transport.capabilities().max_in_hand;
        let mut wait = queue.visibility / 2;
        loop {
            tokio::time::sleep(wait).await;
            wait = queue.visibility / 2;
            let mine: Vec<&Held> =
                self.held.iter().filter(|held| !held.is_settled() && !held.lease.is_cancelled()).collect();
            if self.since.elapsed() + queue.visibility > most {
                mine.iter().for_each(|held| held.lease.cancel());
                continue;
            }
            let extensions = mine.iter().map(|held| (held.delivery.receipt.clone(), queue.visibility)).collect();
            let answers = engine.transport.change_visibilities(&queue.name, extensions).await;
            for (held, answer) in mine.iter().zip(answers) {
                match answer {
                    Ok(()) => {}
                    Err(error) if error.kind() == TransportErrorKind::LeaseLost => held.lease.cancel(),
                    Err(error) => {
                        tracing::warn!(queue = queue.name, %error, "the lease could not be extended, trying again");
                        wait = queue.visibility / 10;
                    }
                }
            }
        }
    }
}
