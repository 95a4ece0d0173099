//! What carries events between processes: the trait to implement, and the in-memory account.

mod erased;
pub mod memory;
mod message;
mod panics;
mod setup;
mod topology;

use std::fmt;
use std::future::Future;
use std::time::Duration;

pub use crate::error::transport::{TransportError, TransportErrorKind};
pub(crate) use erased::DynTransport;
pub use memory::MemoryTransport;
pub(crate) use memory::dead_letter_queue;
pub use message::{Body, Delivery, Inbound, Message, Receipt, Undecodable};
pub use setup::{FeedSetup, QueueSetup, Setup};
pub(crate) use topology::SPARE_RECEIVES;
pub use topology::{QueuePlan, TopicFilter, Topology};

use crate::error::build::Problem;

/// What carries events between processes: topics that fan out to queues, as SNS and SQS do.
///
/// Implementers write plain `async fn`s. Names of topics and queues are those of the annotations; prefixes and
/// addresses are the transport's affair. Nothing here may panic or log a payload.
pub trait Transport: Send + Sync + 'static {
    /// What it can and cannot do.
    fn capabilities(&self) -> Capabilities;

    /// The queue of the subscribers that name none.
    fn own_queue(&self) -> &str;

    /// What annotations call the queue that the broker calls `queue`: the same without the prefix that this transport
    /// puts before names, if it puts one.
    fn without_prefix<'a>(&self, queue: &'a str) -> &'a str {
        queue
    }

    /// Whether [`receive`](Self::receive) answers at once wherever there is something to receive, and takes nothing
    /// once it is dropped, as with a queue within this process. A bus that consumes from one queue then keeps one
    /// receive of it under way, however busy it is, since another beside it would bring no more; and a shutdown does
    /// not wait for those that wait.
    ///
    /// Over a way that takes time this is left as it is: further receives set out while others are under way, and a
    /// shutdown lets them come back. What wraps a transport says it for itself, since it may add a wait of its own.
    fn answers_at_once(&self) -> bool {
        false
    }

    /// What the broker would refuse, such as a name that is too long, each with what would mend it. Called by
    /// `build()`; makes no call.
    ///
    /// # Errors
    /// Everything that would be refused.
    fn check(&self, topology: &Topology) -> Result<(), Vec<Problem>> {
        let _ = topology;
        Ok(())
    }

    /// How it sets up `topology`, for documents: what [`prepare`](Self::prepare) makes or wants to find. Makes no call.
    ///
    /// By default queues are fed raw and filtered, and nothing stands before their names.
    fn setup(&self, topology: &Topology) -> Setup {
        Setup::of(topology, |queue| self.dead_letter_queue(queue))
    }

    /// Makes the topology, or verifies that it is there, as the transport was told. Called by `start()`; again and by
    /// several processes at once without harm.
    ///
    /// # Errors
    /// What is missing or refused, with the way to mend it.
    fn prepare(&self, topology: &Topology) -> impl Future<Output = Result<(), TransportError>> + Send;

    /// Whether `event_type`, which came through `queue` and is unknown here, is wanted by another consumer of the
    /// queue: a newer version of the service, while it is rolled over. Such an event is left to that one, and not
    /// deleted. A transport that cannot know says no. Must not be answered by what was known before the call.
    fn is_wanted(&self, topology: &Topology, queue: &str, event_type: &str) -> impl Future<Output = bool> + Send {
        let _ = (topology, queue, event_type);
        async { false }
    }

    /// Publishes, and answers for each message in order once the broker has it.
    fn publish(&self, messages: Vec<Message>) -> impl Future<Output = Vec<Result<(), TransportError>>> + Send;

    /// Sends to `queue` itself, past all topics, and answers for each message in order once the queue has it. With a
    /// `delay` nobody can receive them before it is over; without one, the queue's own counts.
    ///
    /// A transport that has no such way leaves this as it is: it refuses every message.
    fn send(
        &self,
        queue: &str,
        messages: Vec<Message>,
        delay: Option<Duration>,
    ) -> impl Future<Output = Vec<Result<(), TransportError>>> + Send {
        let _ = delay;
        let what = format!(
            "the transport {} cannot send to a queue, as was to be done with {queue:?}; publish to a topic instead",
            self.capabilities().name
        );
        let refuse = move |_| Err(TransportError::new(TransportErrorKind::Configuration, what.clone()));
        let answers = messages.into_iter().map(refuse).collect();
        async move { answers }
    }

    /// Takes up to `max` messages (at least 1, at most [`Capabilities::max_batch`]), waiting up to `wait` for the
    /// first. They stay invisible to others for the queue's visibility timeout.
    ///
    /// # Errors
    /// What the broker or the way to it had to say; the caller waits and tries again.
    fn receive(
        &self,
        queue: &str,
        max: usize,
        wait: Duration,
    ) -> impl Future<Output = Result<Vec<Delivery>, TransportError>> + Send;

    /// Deletes messages that were handled. One answer for each, in order.
    fn delete(
        &self,
        queue: &str,
        receipts: Vec<Receipt>,
    ) -> impl Future<Output = Vec<Result<(), TransportError>>> + Send;

    /// Sets for how long from now messages in hand stay invisible: zero gives them back at once, a retry's delay lets
    /// them rest, more time lets their handler go on. One answer for each, in order.
    fn change_visibility(
        &self,
        queue: &str,
        receipts: Vec<(Receipt, Duration)>,
    ) -> impl Future<Output = Vec<Result<(), TransportError>>> + Send;

    /// About how many messages of `queue` can be received now: for people, and for how far something is. `None` where
    /// the broker does not say.
    ///
    /// # Errors
    /// What the broker or the way to it had to say.
    fn backlog(&self, queue: &str) -> impl Future<Output = Result<Option<u64>, TransportError>> + Send {
        let _ = queue;
        async { Ok(None) }
    }

    /// The name of the dead-letter queue of `queue`, without any prefix: by convention `billing-dlq`, or
    /// `billing-dlq.fifo`.
    fn dead_letter_queue(&self, queue: &str) -> String {
        dead_letter_queue(queue)
    }

    /// Puts a copy of a letter in hand, received from the dead-letter queue of `queue`, back into `queue`: for the
    /// subscriber that gave it up, with how often this was done as its
    /// [`REDRIVES`](crate::attributes::REDRIVES). The letter itself is deleted afterwards, by [`delete`](Self::delete).
    ///
    /// A transport that cannot do so leaves this as it is.
    ///
    /// # Errors
    /// When the copy is not safely there.
    fn redrive(
        &self,
        queue: &str,
        letter: &Delivery,
        redrives: u32,
    ) -> impl Future<Output = Result<(), TransportError>> + Send {
        let _ = (letter, redrives);
        let refused = cannot(self.capabilities().name, "put dead letters back", queue);
        async move { Err(refused) }
    }

    /// Lets the broker itself move everything in the dead-letter queue of `queue` back to it, and returns the task that
    /// does.
    ///
    /// # Errors
    /// When it has no such way, or does not take the task.
    fn start_move(&self, queue: &str) -> impl Future<Output = Result<String, TransportError>> + Send {
        let refused = cannot(self.capabilities().name, "move dead letters by itself", queue);
        async move { Err(refused) }
    }

    /// How far that task is.
    ///
    /// # Errors
    /// When it failed, or nothing is known of it.
    fn move_status(&self, queue: &str, task: &str) -> impl Future<Output = Result<MoveStatus, TransportError>> + Send {
        let _ = task;
        let refused = cannot(self.capabilities().name, "move dead letters by itself", queue);
        async move { Err(refused) }
    }

    /// Puts a copy of a message in hand into the queue's dead-letter queue, with what `letter` says beside it. The
    /// message itself is deleted afterwards, by [`delete`](Self::delete).
    ///
    /// # Errors
    /// When the copy is not safely there.
    fn dead_letter(
        &self,
        queue: &str,
        delivery: &Delivery,
        letter: &DeadLetter,
    ) -> impl Future<Output = Result<(), TransportError>> + Send;
}

fn cannot(transport: &str, what: &str, queue: &str) -> TransportError {
    let what = format!("the transport {transport} cannot {what}, as was to be done with those of {queue:?}");
    TransportError::new(TransportErrorKind::Configuration, what)
}

/// How far a move of dead letters is that the broker carries out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MoveStatus {
    /// Letters moved so far, as far as the broker knows.
    pub moved: u64,
    /// Whether it has ended.
    pub is_done: bool,
}

impl MoveStatus {
    /// So many moved, and more to come.
    #[must_use]
    pub const fn running(moved: u64) -> Self {
        Self { moved, is_done: false }
    }

    /// So many moved, and that was all.
    #[must_use]
    pub const fn done(moved: u64) -> Self {
        Self { moved, is_done: true }
    }
}

/// What a transport can and cannot do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// What to call it in messages.
    pub name: &'static str,
    /// Whether messages leave the process, which local events may not.
    pub wire: bool,
    /// Most messages in one call.
    pub max_batch: usize,
    /// Longest a message may stay in hand, extensions included.
    pub max_in_hand: Duration,
    /// How long a received message is invisible to others unless its lease is extended.
    pub visibility: Duration,
    /// How bodies are written.
    pub format: crate::Format,
}

impl Capabilities {
    /// A wire called `name`: batches of 10, 12 hours in hand, 30 seconds of visibility, as SQS has it.
    #[must_use]
    pub const fn wire(name: &'static str) -> Self {
        let max_in_hand = Duration::from_secs(12 * 60 * 60);
        let visibility = Duration::from_secs(30);
        Self { name, wire: true, max_batch: 10, max_in_hand, visibility, format: crate::Format::Melange }
    }

    /// The same, but within this process.
    #[must_use]
    pub const fn in_process(mut self) -> Self {
        self.wire = false;
        self
    }

    /// With this visibility timeout.
    #[must_use]
    pub const fn with_visibility(mut self, visibility: Duration) -> Self {
        self.visibility = visibility;
        self
    }

    /// Bodies written like this.
    #[must_use]
    pub const fn with_format(mut self, format: crate::Format) -> Self {
        self.format = format;
        self
    }
}

/// Why a message goes to the dead-letter queue.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeadLetter {
    /// Why, in one line, never with the payload.
    pub reason: String,
    /// The subscriber that gave up; `None` when the message could not be read. A redriven message runs only this one.
    pub subscriber: Option<String>,
}

impl DeadLetter {
    /// A message that no subscriber can read.
    pub fn unreadable(reason: impl fmt::Display) -> Self {
        Self { reason: one_line(&reason.to_string()), subscriber: None }
    }

    /// A message that `subscriber` gave up.
    pub fn given_up(subscriber: impl Into<String>, reason: impl fmt::Display) -> Self {
        Self { reason: one_line(&reason.to_string()), subscriber: Some(subscriber.into()) }
    }
}

/// At most 256 printable ASCII characters: brokers refuse control characters in attributes, and SNS refuses some
/// others.
fn one_line(text: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_graphic() || c == ' ' {
            c
        } else if c.is_whitespace() {
            ' '
        } else {
            '?'
        }
    };
    let line: String = text.chars().map(plain).take(256).collect();
    if line.trim().is_empty() { "no reason was given".to_owned() } else { line }
}
