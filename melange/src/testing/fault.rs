//! Faults that a test injects.

mod crash;
mod plan;

use std::fmt;

pub use crash::Crash;
pub(super) use plan::{Moment, Plan};

use super::is_called;
use super::names::Names;
use crate::event::{Event, EventDescriptor};
use crate::transport::MemoryTransport;

/// A fault that happens at the next opportunity: given to [`TestAccount::inject`](super::TestAccount::inject).
///
/// ```
/// use melange::testing::{Crash, Fault};
/// # #[derive(serde::Serialize, serde::Deserialize, melange::Event)]
/// # #[event(topic = "orders")]
/// # struct OrderPlaced { total_cents: u64 }
///
/// let once = Fault::lose_ack();
/// let narrower = Fault::deliver_twice().of::<OrderPlaced>().on_queue("billing").times(3);
/// let later = Fault::crash(Crash::AfterHandler).in_subscriber("send_receipt").after(1);
/// # let _ = (once, narrower, later);
/// ```
#[derive(Debug, Clone)]
#[must_use = "give it to `inject`"]
pub struct Fault {
    pub(super) what: What,
    queue: Option<String>,
    event: Option<&'static EventDescriptor>,
    subscriber: Option<String>,
    times: usize,
    skip: usize,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    FailReceive,
    LoseReceived,
    FailPublish,
    LosePublishAnswer,
    FailAck,
    LoseAck,
    DeliverTwice,
    FailDeadLetter,
    Crash(Crash),
}

impl Fault {
    fn new(what: What) -> Self {
        Self { what, queue: None, event: None, subscriber: None, times: 1, skip: 0 }
    }

    /// A receive fails; one that is open fails at once. No message was received.
    pub fn fail_receive() -> Self {
        Self::new(What::FailReceive)
    }

    /// Messages are received, but the response is lost: they are redelivered after their visibility timeout, and the
    /// receive counts.
    pub fn lose_received() -> Self {
        Self::new(What::LoseReceived)
    }

    /// Publishing fails, and the broker does not have the event.
    pub fn fail_publish() -> Self {
        Self::new(What::FailPublish)
    }

    /// The broker accepts an event, but its answer is lost: publishing fails with an
    /// [uncertain](crate::PublishError::is_uncertain) error.
    pub fn lose_publish_answer() -> Self {
        Self::new(What::LosePublishAnswer)
    }

    /// Deleting a message fails, and it is not deleted. The bus retries.
    pub fn fail_ack() -> Self {
        Self::new(What::FailAck)
    }

    /// Deleting a message seems to succeed, but it is redelivered after its visibility timeout.
    pub fn lose_ack() -> Self {
        Self::new(What::LoseAck)
    }

    /// Deleting a handled message seems to succeed, but it is redelivered at once, as at-least-once queues may do.
    pub fn deliver_twice() -> Self {
        Self::new(What::DeliverTwice)
    }

    /// Sending to the dead-letter queue fails.
    pub fn fail_dead_letter() -> Self {
        Self::new(What::FailDeadLetter)
    }

    /// The bus that reaches this point crashes, as with `kill -9`. [`restart`](super::TestBus::restart) starts it
    /// again.
    pub fn crash(at: Crash) -> Self {
        Self::new(What::Crash(at))
    }

    /// Only on this queue. Publishing to a topic is not on any queue; sending to a queue is.
    pub fn on_queue(mut self, queue: impl Into<String>) -> Self {
        self.queue = Some(queue.into());
        self
    }

    /// Only for events of this type.
    pub fn of<E: Event>(mut self) -> Self {
        self.event = Some(E::DESCRIPTOR);
        self
    }

    /// Only for this subscriber: in its runs, for [`Crash::BeforeHandler`] and [`Crash::AfterHandler`]; for what it
    /// gives up, for the crashes before and after a dead letter and for [`fail_dead_letter`](Self::fail_dead_letter).
    pub fn in_subscriber(mut self, name: impl Into<String>) -> Self {
        self.subscriber = Some(name.into());
        self
    }

    /// How often it happens; once by default.
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// Skips the first `moments` opportunities.
    pub fn after(mut self, moments: usize) -> Self {
        self.skip = moments;
        self
    }

    /// Why it can never happen in the account `memory`, where `names` are all that there are; without them, anybody may
    /// come yet.
    pub(super) fn in_vain(&self, names: Option<&Names>, memory: &MemoryTransport) -> Option<String> {
        self.why_never(names, memory).map(|why| format!("the fault \"{self}\" can never happen: {why}"))
    }

    fn why_never(&self, names: Option<&Names>, memory: &MemoryTransport) -> Option<String> {
        let is_of_a_subscriber = match self.what {
            What::Crash(at) => at.is_of_a_subscriber(),
            what => what == What::FailDeadLetter,
        };
        if self.subscriber.is_some() && !is_of_a_subscriber {
            return Some("no subscriber is there when it happens: leave out `in_subscriber`".to_owned());
        }
        if self.event.is_some() && self.what == What::FailReceive {
            return Some("no event is known before it is received: leave out `of`".to_owned());
        }
        let names = names?;
        let nobody = self.subscriber.as_deref().and_then(|subscriber| names.no_subscriber(self.event, subscriber));
        nobody.or_else(|| {
            let queue = self.queue.as_deref().filter(|queue| !memory.has_queue(queue))?;
            names.no_queue(queue)
        })
    }

    /// Whether it is this that goes wrong, at this moment.
    fn is_for(&self, what: What, moment: &Moment<'_>) -> bool {
        let is = |wanted: &Option<String>, there: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| there.is_some_and(|there| is_called(there, wanted)))
        };
        let of_event = self.event.is_none_or(|event| moment.event.is_some_and(|name| event.is_read_as(name)));
        self.what == what && of_event && is(&self.queue, moment.queue) && is(&self.subscriber, moment.subscriber)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.what {
            What::FailReceive => "fail a receive".to_owned(),
            What::LoseReceived => "lose what was received".to_owned(),
            What::FailPublish => "fail a publish".to_owned(),
            What::LosePublishAnswer => "lose the answer of a publish".to_owned(),
            What::FailAck => "fail an ack".to_owned(),
            What::LoseAck => "lose an ack".to_owned(),
            What::DeliverTwice => "deliver twice".to_owned(),
            What::FailDeadLetter => "fail a dead letter".to_owned(),
            What::Crash(at) => format!("crash {at}"),
        };
        f.write_str(&what)?;
        if let Some(event) = self.event {
            write!(f, " of {}", event.name())?;
        }
        if let Some(queue) = &self.queue {
            write!(f, " on queue `{queue}`")?;
        }
        if let Some(subscriber) = &self.subscriber {
            write!(f, " in `{subscriber}`")?;
        }
        match (self.times, self.skip) {
            (1, 0) => Ok(()),
            (times, 0) => write!(f, ", {times} times"),
            (times, skip) => write!(f, ", {times} times after {skip}"),
        }
    }
}
