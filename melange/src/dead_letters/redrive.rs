//! Redriving dead letters.

use std::collections::HashMap;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::Duration;

use super::sweep::Sweep;
use super::{DeadLetters, Letter};
use crate::retry::RetryPolicy;
use crate::transport::{DynTransport, TransportError, TransportErrorKind};

/// How often a letter is redriven before it is skipped.
const MOST_REDRIVES: u32 = 3;

/// Waits between looks at a move that the broker carries out.
const LOOKS: RetryPolicy = RetryPolicy::new(u32::MAX, Duration::from_millis(200), Duration::from_secs(5));

type Choice = dyn Fn(&Letter) -> bool + Send + Sync;
type Told = dyn Fn(&Redriven) + Send + Sync;

/// Redrives dead letters. Made by [`DeadLetters::redrive`]. Nothing is done until it is awaited.
#[must_use = "nothing is done until it is awaited"]
pub struct Redrive {
    letters: DeadLetters,
    only: Option<Box<Choice>>,
    most: u64,
    most_redrives: u32,
    dry_run: bool,
    natively: bool,
    told: Option<Box<Told>>,
}

/// What happened to the dead letters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Redriven {
    /// Redriven; in a dry run, those that would be.
    pub moved: u64,
    /// Left in the dead-letter queue, because they were not chosen.
    pub skipped: u64,
    /// Left in the dead-letter queue, because they were redriven too often already, or are not messages at all, so that
    /// nobody could ever read them.
    pub guarded: u64,
    /// Redriven, and given up again before this redrive ended.
    pub returned: u64,
}

impl Redrive {
    pub(super) fn new(letters: DeadLetters) -> Self {
        Self {
            letters,
            only: None,
            most: u64::MAX,
            most_redrives: MOST_REDRIVES,
            dry_run: false,
            natively: false,
            told: None,
        }
    }

    /// Only those for which `which` returns true.
    pub fn only(mut self, which: impl Fn(&Letter) -> bool + Send + Sync + 'static) -> Self {
        self.only = Some(Box::new(which));
        self
    }

    /// Only the letter with this id.
    pub fn one(self, message_id: impl Into<String>) -> Self {
        let message_id = message_id.into();
        self.only(move |letter| letter.message_id() == message_id)
    }

    /// At most this many.
    pub fn most(mut self, letters: u64) -> Self {
        self.most = letters;
        self
    }

    /// Skips those that were redriven this often already, so that a message that can never be handled does not
    /// circulate forever; 3 by default.
    pub fn loop_guard(mut self, redrives: u32) -> Self {
        self.most_redrives = redrives;
        self
    }

    /// Changes nothing, and returns what would be done.
    pub fn dry_run(mut self) -> Self {
        self.dry_run = true;
        self
    }

    /// Lets the broker itself move all of them (on SQS with `StartMessageMoveTask`, at most 500 a second), and waits
    /// until it is done. This cannot be combined with a choice or a loop guard: it then refuses to run.
    pub fn natively(mut self) -> Self {
        self.natively = true;
        self
    }

    /// Called after each batch with what has been done so far.
    pub fn on_progress(mut self, told: impl Fn(&Redriven) + Send + Sync + 'static) -> Self {
        self.told = Some(Box::new(told));
        self
    }

    fn tell(&self, so_far: &Redriven) {
        if let Some(told) = &self.told {
            told(so_far);
        }
    }

    async fn by_copies(self) -> Result<Redriven, TransportError> {
        let DeadLetters { transport, queue } = &self.letters;
        let mut sweep = Sweep::begin(transport, queue);
        let mut so_far = Redriven::default();
        let done = self.sweep(transport, queue, &mut sweep, &mut so_far).await;
        sweep.end().await;
        tracing::info!(queue, ?so_far, dry_run = self.dry_run, "dead letters redriven");
        done.map(|()| so_far)
    }

    async fn sweep(
        &self,
        transport: &DynTransport,
        queue: &str,
        sweep: &mut Sweep<'_>,
        so_far: &mut Redriven,
    ) -> Result<(), TransportError> {
        // What is given up again at once comes back under another id while the sweep goes on.
        let mut put_back: HashMap<u64, u32> = HashMap::new();
        loop {
            let batch = sweep.next(usize::MAX).await?;
            if batch.is_empty() {
                return Ok(());
            }
            for delivery in &batch {
                if so_far.moved >= self.most {
                    return Ok(());
                }
                let letter = Letter::of(delivery);
                if self.only.as_ref().is_some_and(|only| !only(&letter)) {
                    so_far.skipped += 1;
                    continue;
                }
                let identity = letter.identity();
                if put_back.get(&identity) == Some(&letter.redrives()) {
                    so_far.returned += 1;
                    continue;
                }
                if !letter.is_message() || letter.redrives() >= self.most_redrives {
                    so_far.guarded += 1;
                    continue;
                }
                if !self.dry_run {
                    // First it is there again, then it is gone from here: in between there are two, never none.
                    transport.redrive(queue, delivery, letter.redrives() + 1).await?;
                    sweep.delete(delivery).await?;
                    put_back.insert(identity, letter.redrives() + 1);
                }
                so_far.moved += 1;
            }
            self.tell(so_far);
        }
    }

    async fn by_the_broker(self) -> Result<Redriven, TransportError> {
        let DeadLetters { transport, queue } = &self.letters;
        if self.only.is_some() || self.most != u64::MAX || self.dry_run || self.most_redrives != MOST_REDRIVES {
            return Err(TransportError::new(
                TransportErrorKind::Configuration,
                format!(
                    "the broker moves all dead letters of {queue} or none: leave out `.natively()`, or `.only(..)`, `.one(..)`, \
                     `.most(..)`, `.loop_guard(..)` and `.dry_run()`"
                ),
            ));
        }
        let mut so_far = Redriven::default();
        let task = transport.start_move(queue).await?;
        let mut looks = 0;
        loop {
            let status = transport.move_status(queue, &task).await?;
            so_far.moved = status.moved;
            self.tell(&so_far);
            if status.is_done {
                return Ok(so_far);
            }
            looks += 1;
            tokio::time::sleep(LOOKS.backoff(looks)).await;
        }
    }
}

impl IntoFuture for Redrive {
    type Output = Result<Redriven, TransportError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        if self.natively { Box::pin(self.by_the_broker()) } else { Box::pin(self.by_copies()) }
    }
}

impl fmt::Debug for Redrive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redrive")
            .field("letters", &self.letters)
            .field("dry_run", &self.dry_run)
            .field("natively", &self.natively)
            .finish_non_exhaustive()
    }
}
