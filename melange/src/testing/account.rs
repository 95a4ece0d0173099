//! The account that a test's buses share: what runs on it, its clock, and what goes wrong in it.

mod builder;
mod history;

use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

pub use builder::TestAccountBuilder;

use super::bus::{TestBus, TestBusBuilder};
use super::error::TestError;
use super::fail::{fail, fail_at};
use super::fault::Fault;
use super::idle::Idle;
use super::shared::Shared;
use super::transport::TestTransport;
use super::{clock, idle};
use crate::EventBusBuilder;
use crate::publisher::MessagePublisher;
use crate::transport::MemoryTransport;

/// An account in memory for a test: the buses on it, everything that happens in it, its faults and its clock. Cheap to clone.
///
/// A [`TestBus`] makes its own, and has all these methods. A test makes one itself to have several services on it, or to hand
/// its [`publisher`](Self::publisher) to the function that puts the production bus together:
///
/// ```
/// use melange::testing::TestAccount;
/// use melange::{Event, EventBus, EventBusBuilder, MessagePublisher, PublishError, State, subscriber};
///
/// # #[derive(serde::Serialize, serde::Deserialize, Event)]
/// # #[event(topic = "orders")]
/// # struct OrderPlaced { order_id: u32 }
/// # #[derive(serde::Serialize, serde::Deserialize, Event)]
/// # #[event(topic = "payments")]
/// # struct PaymentDue { order_id: u32 }
/// #[subscriber(listens_to = OrderPlaced)]
/// async fn bill(order: &OrderPlaced, State(publisher): State<MessagePublisher>) -> Result<(), PublishError> {
///     publisher.publish(PaymentDue { order_id: order.order_id }).await?;
///     Ok(())
/// }
///
/// /// What `main` calls too, and then adds `.transport(aws.queue("billing"))`.
/// fn app(publisher: MessagePublisher) -> EventBusBuilder {
///     EventBus::builder().subscribers(melange::subscribers![bill]).state(publisher)
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), PublishError> {
/// let account = TestAccount::new();
/// let bus = account.start(app(account.publisher())).await;
/// bus.publish(OrderPlaced { order_id: 7 }).await?;
/// bus.run_until_idle().await;
/// melange::assert_published!(account, PaymentDue { order_id: 7 });
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TestAccount {
    pub(super) shared: Arc<Shared>,
}

impl TestAccount {
    /// A new account, in which nothing is left to chance.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A new account with settings.
    pub fn builder() -> TestAccountBuilder {
        TestAccountBuilder::default()
    }

    /// Starts the bus that `builder` makes, in this account. Its transport is replaced; the queue of its own keeps its name.
    ///
    /// # Panics
    /// If the clock runs, if the bus cannot be built, or if it cannot be started: each with the reason.
    #[track_caller]
    pub fn start(&self, builder: EventBusBuilder) -> impl Future<Output = TestBus> + Send + use<> {
        TestBusBuilder::from(builder).account(self).start()
    }

    /// The same, for a service whose own queue is `queue`: services that are to be others have queues of their own.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    #[track_caller]
    pub fn start_as(&self, queue: &str, builder: EventBusBuilder) -> impl Future<Output = TestBus> + Send + use<> {
        TestBusBuilder::from(builder).account(self).queue(queue).start()
    }

    /// A publisher to this account, for states that publish and for tests.
    #[must_use]
    pub fn publisher(&self) -> MessagePublisher {
        MessagePublisher::new(self.transport())
    }

    /// The transport of this account, which writes down what is published by it, and has the faults that were injected.
    #[must_use]
    pub fn transport(&self) -> TestTransport {
        TestTransport { inner: self.shared.memory.clone(), shared: Arc::clone(&self.shared), life: None }
    }

    /// The account below: topics, queues and what is in them, and the calls of any other program.
    #[must_use]
    pub fn memory(&self) -> &MemoryTransport {
        &self.shared.memory
    }

    /// Runs everything until nothing is left to do: no subscriber runs, and no message on a queue of the buses is to be
    /// received, now or later. The clock is moved through backoffs, delays and visibility time-outs, and no time is waited.
    ///
    /// What runs outside of subscribers, a task that one has spawned say, is not waited for.
    ///
    /// # Panics
    /// If it never comes to an end (see [`max_attempts`](TestAccountBuilder::max_attempts) and
    /// [`max_time`](TestAccountBuilder::max_time)), if something is left to a bus that crashed, was shut down or was dropped, and
    /// if the clock runs: each with what is left.
    #[track_caller]
    pub fn run_until_idle(&self) -> impl Future<Output = Idle> + Send + '_ {
        let place = Location::caller();
        async move { self.try_run_until_idle().await.unwrap_or_else(|why| fail_at(place, why)) }
    }

    /// The same, which returns what it would panic with.
    ///
    /// # Errors
    /// As [`run_until_idle`](Self::run_until_idle) says.
    pub async fn try_run_until_idle(&self) -> Result<Idle, TestError> {
        idle::until_idle(&self.shared).await
    }

    /// Runs everything until a bus crashes, as it was told to by [`Fault::crash`], and says where that was.
    ///
    /// # Panics
    /// If everything is done and no bus has crashed.
    #[track_caller]
    pub fn run_until_crash(&self) -> impl Future<Output = String> + Send + '_ {
        let place = Location::caller();
        async move { idle::until_crash(&self.shared).await.unwrap_or_else(|why| fail_at(place, why)) }
    }

    /// Moves the clock by so much, and runs everything that is due until then, in its order.
    ///
    /// `advance(Duration::ZERO)` runs what can run now.
    ///
    /// # Panics
    /// If the clock runs.
    #[track_caller]
    pub fn advance(&self, time: Duration) -> impl Future<Output = ()> + Send + '_ {
        let place = Location::caller();
        async move {
            clock::check().unwrap_or_else(|why| fail_at(place, why));
            // As far as can be: what is due at this moment is not to be taken for what comes later.
            clock::settle(&self.shared.journal, || false).await;
            if !time.is_zero() {
                tokio::time::sleep(time).await;
                clock::settle(&self.shared.journal, || false).await;
            }
        }
    }

    /// What the clock has moved since the account is there.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.shared.journal.elapsed()
    }

    /// Lets something go wrong.
    ///
    /// # Panics
    /// If it can never happen: when the subscriber it names is none of the buses that were started. Before the first one is, that
    /// is found where the account is [run](Self::run_until_idle).
    #[track_caller]
    pub fn inject(&self, fault: Fault) {
        // Not in a closure, whose place would be said to be here.
        if let Err(why) = self.shared.inject(fault) {
            fail(why);
        }
    }

    /// The faults that were injected and have not happened, in words.
    #[must_use]
    pub fn faults_left(&self) -> Vec<String> {
        self.shared.faults_left()
    }

    /// Puts all of them back to where they came from, and says how many that were.
    pub fn redrive(&self) -> usize {
        let queues = self.shared.queues();
        let put_back = queues.iter().map(|queue| self.shared.memory.redrive(queue)).sum();
        self.shared.journal.note(format!("{put_back} dead letters were put back"));
        put_back
    }
}

impl Default for TestAccount {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for TestAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestAccount").field("elapsed", &self.elapsed()).finish_non_exhaustive()
    }
}
