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

/// An in-memory account for a test: the buses on it, everything that happens in it, its faults and its clock. Cheap to
/// clone.
///
/// A [`TestBus`] creates its own, and has all these methods. Create one yourself to run several services on it, or to
/// pass its [`publisher`](Self::publisher) to the function that builds the production bus:
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
    /// A new account, in which nothing is random.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A new account with settings.
    pub fn builder() -> TestAccountBuilder {
        TestAccountBuilder::default()
    }

    /// Starts the bus that `builder` builds, on this account. Its transport is replaced; its own queue keeps its name.
    ///
    /// # Panics
    /// If the clock is not paused, or the bus cannot be built or started: each with the reason.
    #[track_caller]
    pub fn start(&self, builder: EventBusBuilder) -> impl Future<Output = TestBus> + Send + use<> {
        TestBusBuilder::from(builder).account(self).start()
    }

    /// The same, for a service whose own queue is `queue`: different services have different queues.
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

    /// The transport of this account, which records what is published through it, and applies the injected faults.
    #[must_use]
    pub fn transport(&self) -> TestTransport {
        TestTransport { inner: self.shared.memory.clone(), shared: Arc::clone(&self.shared), life: None }
    }

    /// The underlying account: topics, queues, their contents, and the calls of other programs.
    #[must_use]
    pub fn memory(&self) -> &MemoryTransport {
        &self.shared.memory
    }

    /// Runs everything until nothing is left to do: no subscriber is running, and no message on a queue of the buses
    /// can be received, now or later. The clock is advanced through backoffs, delays and visibility timeouts, without
    /// real waiting.
    ///
    /// It does not wait for work outside of subscribers, such as tasks that they have spawned.
    ///
    /// # Panics
    /// If it never ends (see [`max_attempts`](TestAccountBuilder::max_attempts) and
    /// [`max_time`](TestAccountBuilder::max_time)), if something is left for a bus that crashed, was shut down or was
    /// dropped, or if the clock is not paused: each with what is left.
    #[track_caller]
    pub fn run_until_idle(&self) -> impl Future<Output = Idle> + Send + '_ {
        let place = Location::caller();
        async move { self.try_run_until_idle().await.unwrap_or_else(|why| fail_at(place, why)) }
    }

    /// The same, but returns an error instead of panicking.
    ///
    /// # Errors
    /// Where [`run_until_idle`](Self::run_until_idle) panics.
    pub async fn try_run_until_idle(&self) -> Result<Idle, TestError> {
        idle::until_idle(&self.shared).await
    }

    /// Runs everything until a bus crashes because of [`Fault::crash`], and returns where that was.
    ///
    /// # Panics
    /// If everything is done and no bus has crashed.
    #[track_caller]
    pub fn run_until_crash(&self) -> impl Future<Output = String> + Send + '_ {
        let place = Location::caller();
        async move { idle::until_crash(&self.shared).await.unwrap_or_else(|why| fail_at(place, why)) }
    }

    /// Advances the clock by `time`, and runs everything that is due until then, in order.
    ///
    /// `advance(Duration::ZERO)` runs what can run now.
    ///
    /// # Panics
    /// If the clock is not paused.
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

    /// How far the clock has advanced since the account was created.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.shared.journal.elapsed()
    }

    /// Injects a fault.
    ///
    /// # Panics
    /// If it can never happen, because no started bus has a subscriber of that name. Before the first bus is started,
    /// this is checked when the account is [run](Self::run_until_idle).
    #[track_caller]
    pub fn inject(&self, fault: Fault) {
        // Not in a closure, whose place would be said to be here.
        if let Err(why) = self.shared.inject(fault) {
            fail(why);
        }
    }

    /// Descriptions of the injected faults that have not happened yet.
    #[must_use]
    pub fn faults_left(&self) -> Vec<String> {
        self.shared.faults_left()
    }

    /// Moves all dead letters back to the queues they came from, and returns how many those were.
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
