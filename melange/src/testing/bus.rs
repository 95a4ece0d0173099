//! A production bus on a test account.

mod builder;
mod process;

use std::fmt;
use std::ops::Deref;
use std::panic::Location;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use builder::TestBusBuilder;
use process::{Process, begin};

use super::account::TestAccount;
use super::clock;
use super::fail::fail_at;
use crate::consumer::Setup;
use crate::error::publish::PublishError;
use crate::event::Event;
use crate::wiring::Wired;
use crate::{EventBus, EventId, MessagePublisher, SendTo};

/// The production bus on an in-memory account, for a test. It also has the methods of its [`TestAccount`], through
/// `Deref`.
///
/// ```rust,standalone_crate
/// use melange::testing::TestBus;
/// use melange::{Event, subscriber};
///
/// #[derive(serde::Serialize, serde::Deserialize, Event)]
/// #[event(topic = "orders")]
/// struct OrderPlaced { total_cents: u64 }
///
/// #[subscriber(listens_to = OrderPlaced, retry(attempts = 3, backoff = "10m..1h"))]
/// async fn send_receipt(order: &OrderPlaced, meta: &melange::Metadata) -> Result<(), &'static str> {
///     if meta.attempt == 1 { Err("the mail server is down") } else { Ok(()) }
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), melange::PublishError> {
/// let bus = TestBus::builder().linked().start().await;
/// bus.publish(OrderPlaced { total_cents: 4200 }).await?;
/// bus.run_until_idle().await;                              // at least ten minutes later, at once
/// melange::assert_retried!(bus, OrderPlaced { total_cents: 4200 }, by = "send_receipt", times = 1);
/// melange::assert_handled!(bus, OrderPlaced);
/// # Ok(())
/// # }
/// ```
#[must_use = "its bus stops when it is dropped"]
pub struct TestBus {
    account: TestAccount,
    own_queue: String,
    wired: Wired,
    setup: Setup,
    process: Mutex<Process>,
}

impl TestBus {
    /// An empty builder: no subscribers, an account of its own.
    pub fn builder() -> TestBusBuilder {
        TestBusBuilder::from(EventBus::builder())
    }

    /// Publishes one event: calls [`EventBus::publish`].
    ///
    /// # Errors
    /// If the event cannot be serialized, the broker did not accept it, or the bus has crashed or was shut down.
    pub async fn publish<E: Event>(&self, event: E) -> Result<EventId, PublishError> {
        match self.publisher_of_the_dead() {
            Some(publisher) => publisher.publish(event).await,
            None => self.event_bus().publish(event).await,
        }
    }

    /// Publishes several events, and returns a result for each, in order: calls [`EventBus::publish_all`].
    pub async fn publish_all<E: Event>(
        &self,
        events: impl IntoIterator<Item = E>,
    ) -> Vec<Result<EventId, PublishError>> {
        match self.publisher_of_the_dead() {
            Some(publisher) => publisher.publish_all(events).await,
            None => self.event_bus().publish_all(events).await,
        }
    }

    /// Sends one event directly to `queue`: calls [`EventBus::send_to`].
    pub fn send_to<E: Event>(&self, queue: impl Into<String>, event: E) -> SendTo<E> {
        match self.publisher_of_the_dead() {
            Some(publisher) => publisher.send_to(queue, event),
            None => self.event_bus().send_to(queue, event),
        }
    }

    /// The production bus itself: to shut it down, read its metrics, or pause a queue. After a crash it is unusable,
    /// and a restart creates another.
    #[must_use]
    pub fn event_bus(&self) -> EventBus {
        self.process().bus.clone()
    }

    /// The account that it runs on.
    #[must_use]
    pub fn account(&self) -> &TestAccount {
        &self.account
    }

    /// Crashes the bus now, as `kill -9` would: no handler goes on, nothing more reaches the broker, and messages in
    /// flight are redelivered after their visibility timeout. Blocking threads, and tasks that handlers have spawned,
    /// cannot be killed.
    pub fn crash(&self) {
        self.process().life.die("because the test said so".to_owned());
    }

    /// Where it crashed, if it did and has not been restarted.
    #[must_use]
    pub fn crashed(&self) -> Option<String> {
        self.process().life.why_dead().map(str::to_owned)
    }

    /// Starts it again, as a new process on the same account: it knows nothing about messages that were in flight
    /// before. A bus that is still running is crashed first.
    ///
    /// The values given to the builder stay, as a database would. For new ones, start another bus on
    /// [`account`](Self::account).
    ///
    /// # Panics
    /// If it cannot be started.
    #[track_caller]
    pub fn restart(&self) -> impl Future<Output = ()> + Send + '_ {
        let place = Location::caller();
        async move {
            let before = self.process().life.clone();
            before.die("as the test restarts it".to_owned());
            // What is left of it has heard of it.
            clock::settle(&self.account.shared.journal, || false).await;
            self.account.shared.remove(&before);
            let began = begin(&self.account, &self.own_queue, &self.wired, &self.setup, Vec::new()).await;
            let process = began.unwrap_or_else(|why| fail_at(place, why));
            self.account.shared.journal.note(format!("the bus of queue `{}` was restarted", self.own_queue));
            *self.process() = process;
        }
    }

    /// Past a dead bus, which knows only that it was stopped: its transport knows why.
    fn publisher_of_the_dead(&self) -> Option<MessagePublisher> {
        let process = self.process();
        process.life.is_dead().then(|| process.bus.publisher().clone())
    }

    fn process(&self) -> MutexGuard<'_, Process> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deref for TestBus {
    type Target = TestAccount;

    fn deref(&self) -> &TestAccount {
        &self.account
    }
}

impl Drop for TestBus {
    fn drop(&mut self) {
        let process = self.process().clone();
        // What is left to one that lived is nobody's now, and is not to be forgotten. Who crashed is replaced.
        if process.life.is_dead() {
            self.account.shared.remove(&process.life);
        }
    }
}

impl fmt::Debug for TestBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let crashed = self.crashed();
        f.debug_struct("TestBus").field("queue", &self.own_queue).field("crashed", &crashed).finish_non_exhaustive()
    }
}
