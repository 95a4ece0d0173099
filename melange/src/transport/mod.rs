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
/// Implementers write plain `async fn`s. Topics and queues have the names used in annotations; prefixes and addresses
/// are up to the transport. Nothing here may panic or log a payload.
pub trait Transport: Send + Sync + 'static {
    /// What it can and cannot do.
    fn capabilities(&self) -> Capabilities;

    /// The queue for subscribers that name none.
    fn own_queue(&self) -> &str;

    /// The name that annotations use for the queue that the broker calls `queue`: without this transport's prefix, if
    /// it has one.
    fn without_prefix<'a>(&self, queue: &'a str) -> &'a str {
        queue
    }

    /// Whether [`receive`](Self::receive) returns at once if there is something to receive, and takes nothing once its
    /// future is dropped, as with a queue within this process. A bus that consumes from one queue then keeps one
    /// receive open, however busy it is, because a second one would bring no more; and a shutdown does not wait for
    /// open receives.
    ///
    /// Over a network, leave the default: several receives are then open at once, and a shutdown lets them return. A
    /// wrapper around a transport must answer for itself, since it may add a wait.
    fn answers_at_once(&self) -> bool {
        false
    }

    /// Checks for what the broker would refuse, such as a name that is too long. Called by `build()`; must make no
    /// calls.
    ///
    /// # Errors
    /// Everything that would be refused, each with its fix.
    fn check(&self, topology: &Topology) -> Result<(), Vec<Problem>> {
        let _ = topology;
        Ok(())
    }

    /// How it sets up `topology`, for documents: what [`prepare`](Self::prepare) creates or expects. Makes no calls.
    ///
    /// By default, queues have raw message delivery and filters, and names have no prefix.
    fn setup(&self, topology: &Topology) -> Setup {
        Setup::of(topology, |queue| self.dead_letter_queue(queue))
    }

    /// Creates the topology, or verifies that it exists, as the transport is configured. Called by `start()`; must be
    /// safe to call repeatedly, and from several processes at once.
    ///
    /// # Errors
    /// What is missing or refused, with the fix.
    fn prepare(&self, topology: &Topology) -> impl Future<Output = Result<(), TransportError>> + Send;

    /// Whether `event_type`, received from `queue` and unknown here, is wanted by another consumer of the queue: a
    /// newer version of the service, during a rolling deployment. Such an event is left to that one, not deleted. A
    /// transport that cannot know returns false. The answer must not come from a cache filled before the call.
    fn is_wanted(&self, topology: &Topology, queue: &str, event_type: &str) -> impl Future<Output = bool> + Send {
        let _ = (topology, queue, event_type);
        async { false }
    }

    /// Publishes, and returns a result for each message, in order, once the broker has it.
    fn publish(&self, messages: Vec<Message>) -> impl Future<Output = Vec<Result<(), TransportError>>> + Send;

    /// Sends directly to `queue`, without a topic, and returns a result for each message, in order, once the queue has
    /// it. With a `delay`, nobody can receive them before it is over; without one, the queue's own delay applies.
    ///
    /// The default refuses every message: for transports that cannot do this.
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

    /// Receives up to `max` messages (at least 1, at most [`Capabilities::max_batch`]), waiting up to `wait` for the
    /// first. They stay invisible to others for the queue's visibility timeout.
    ///
    /// # Errors
    /// A failure of the broker or of the connection; the caller waits and tries again.
    fn receive(
        &self,
        queue: &str,
        max: usize,
        wait: Duration,
    ) -> impl Future<Output = Result<Vec<Delivery>, TransportError>> + Send;

    /// Deletes messages that were handled. Returns a result for each, in order.
    fn delete(
        &self,
        queue: &str,
        receipts: Vec<Receipt>,
    ) -> impl Future<Output = Vec<Result<(), TransportError>>> + Send;

    /// Sets how long from now messages in flight stay invisible: zero returns them to the queue at once, a retry's
    /// delay lets them wait, more time lets their handler go on. Returns a result for each, in order.
    fn change_visibility(
        &self,
        queue: &str,
        receipts: Vec<(Receipt, Duration)>,
    ) -> impl Future<Output = Vec<Result<(), TransportError>>> + Send;

    /// The approximate number of messages that can be received from `queue` now: for display and for progress. `None`
    /// if the broker does not tell.
    ///
    /// # Errors
    /// A failure of the broker or of the connection.
    fn backlog(&self, queue: &str) -> impl Future<Output = Result<Option<u64>, TransportError>> + Send {
        let _ = queue;
        async { Ok(None) }
    }

    /// The name of the dead-letter queue of `queue`, without any prefix: by convention `billing-dlq`, or
    /// `billing-dlq.fifo`.
    fn dead_letter_queue(&self, queue: &str) -> String {
        dead_letter_queue(queue)
    }

    /// Sends a copy of a dead letter, received from the dead-letter queue of `queue`, back to `queue`: for the
    /// subscriber that gave it up, with the number of redrives in its attribute
    /// [`REDRIVES`](crate::attributes::REDRIVES). The letter itself is deleted afterwards, with
    /// [`delete`](Self::delete).
    ///
    /// The default returns an error: for transports that cannot do this.
    ///
    /// # Errors
    /// If the copy is not safely in the queue.
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

    /// Lets the broker itself move everything in the dead-letter queue of `queue` back to it, and returns the id of the
    /// task that does it.
    ///
    /// # Errors
    /// If the broker cannot do this, or refuses the task.
    fn start_move(&self, queue: &str) -> impl Future<Output = Result<String, TransportError>> + Send {
        let refused = cannot(self.capabilities().name, "move dead letters by itself", queue);
        async move { Err(refused) }
    }

    /// The progress of that task.
    ///
    /// # Errors
    /// If the task failed, or is unknown.
    fn move_status(&self, queue: &str, task: &str) -> impl Future<Output = Result<MoveStatus, TransportError>> + Send {
        let _ = task;
        let refused = cannot(self.capabilities().name, "move dead letters by itself", queue);
        async move { Err(refused) }
    }

    /// Sends a copy of a message in flight to the queue's dead-letter queue, with the contents of `letter` as
    /// attributes. The message itself is deleted afterwards, with [`delete`](Self::delete).
    ///
    /// # Errors
    /// If the copy is not safely in the dead-letter queue.
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

/// The progress of a move of dead letters that the broker carries out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MoveStatus {
    /// Dead letters moved so far, as far as the broker knows.
    pub moved: u64,
    /// Whether it has ended.
    pub is_done: bool,
}

impl MoveStatus {
    /// This many moved, and more to come.
    #[must_use]
    pub const fn running(moved: u64) -> Self {
        Self { moved, is_done: false }
    }

    /// This many moved, and finished.
    #[must_use]
    pub const fn done(moved: u64) -> Self {
        Self { moved, is_done: true }
    }
}

/// What a transport can and cannot do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// Its name in messages to people.
    pub name: &'static str,
    /// Whether messages leave the process, which local events must not.
    pub wire: bool,
    /// The most messages in one call.
    pub max_batch: usize,
    /// The longest a message may stay in flight, extensions included.
    pub max_in_hand: Duration,
    /// How long a received message is invisible to others unless its lease is extended.
    pub visibility: Duration,
    /// The format in which bodies are written.
    pub format: crate::Format,
}

impl Capabilities {
    /// A wire called `name`: batches of 10, 12 hours in flight, a visibility timeout of 30 seconds, as with SQS.
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

    /// With bodies in this format.
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
    /// Why, in one line, without the payload.
    pub reason: String,
    /// The subscriber that gave up; `None` if the message could not be read. A redriven message runs only this one.
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
