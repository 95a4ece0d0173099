//! A production bus on a test account.

use std::fmt;
use std::ops::Deref;
use std::panic::Location;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::account::{TestAccount, TestAccountBuilder};
use super::clock;
use super::error::TestError;
use super::fail::fail_at;
use super::life::Life;
use super::shared::Service;
use super::transport::TestTransport;
use super::watched::watched;
use crate::consumer::{Setup, UnknownEvents};
use crate::error::build::Problem;
use crate::error::publish::PublishError;
use crate::event::Event;
use crate::publisher::MessagePublisher;
use crate::transport::{DynTransport, MemoryTransport, Transport as _};
use crate::wiring::Wired;
use crate::{
    Crates, EventBus, EventBusBuilder, EventId, Functions, HandlerFn, IntoSubscriptions, SendTo, SubscriberDescriptor,
};

/// The production bus on an account in memory, for a test. It has the methods of its [`TestAccount`] too, by `Deref`.
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
pub struct TestBus {
    account: TestAccount,
    own_queue: String,
    wired: Wired,
    setup: Setup,
    process: Mutex<Process>,
}

/// The bus as it lives now, or lived last.
#[derive(Clone)]
struct Process {
    bus: EventBus,
    life: Arc<Life>,
}

impl TestBus {
    /// Nothing yet: no subscribers, an account of its own.
    pub fn builder() -> TestBusBuilder {
        TestBusBuilder::from(EventBus::builder())
    }

    /// Publishes one event, as [`EventBus::publish`] does: it is that.
    ///
    /// # Errors
    /// If the event cannot be written, the broker did not take it, or the bus is dead.
    pub async fn publish<E: Event>(&self, event: E) -> Result<EventId, PublishError> {
        let Process { bus, life } = self.process().clone();
        if life.is_dead() {
            // Past the bus, which knows only that it was stopped: its transport knows why.
            return bus.publisher().publish(event).await;
        }
        bus.publish(event).await
    }

    /// Publishes several events, and answers for each, in order: it is [`EventBus::publish_all`].
    pub async fn publish_all<E: Event>(
        &self,
        events: impl IntoIterator<Item = E>,
    ) -> Vec<Result<EventId, PublishError>> {
        self.event_bus().publish_all(events).await
    }

    /// Sends one event to `queue` itself, as [`EventBus::send_to`] does.
    pub fn send_to<E: Event>(&self, queue: impl Into<String>, event: E) -> SendTo<E> {
        self.event_bus().send_to(queue, event)
    }

    /// The production bus itself: to shut it down, to ask for its metrics, to pause a queue. After a crash it is dead, and a
    /// restart makes another.
    #[must_use]
    pub fn event_bus(&self) -> EventBus {
        self.process().bus.clone()
    }

    /// The account it is on.
    #[must_use]
    pub fn account(&self) -> &TestAccount {
        &self.account
    }

    /// It dies here and now, as by `kill -9`: no handler runs on, nothing more of it reaches the broker, and what it has in hand
    /// comes again when its visibility ends. Threads that block cannot be killed, nor tasks that handlers have spawned.
    pub fn crash(&self) {
        self.process().life.die("because the test said so".to_owned());
    }

    /// Where it crashed, if it did and was not restarted.
    #[must_use]
    pub fn crashed(&self) -> Option<String> {
        self.process().life.why_dead().map(str::to_owned)
    }

    /// Starts it again as a new process on the same account: it knows nothing of what was in hand before. A bus that lives
    /// crashes first.
    ///
    /// The values that the builder was given stay, as a database does. To have them anew, start another bus on
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

    fn process(&self) -> MutexGuard<'_, Process> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A new process.
async fn begin(
    account: &TestAccount,
    own_queue: &str,
    wired: &Wired,
    setup: &Setup,
    problems: Vec<Problem>,
) -> Result<Process, TestError> {
    let shared = &account.shared;
    let life = Life::new(own_queue, Arc::clone(&shared.journal));
    let transport = TestTransport {
        inner: shared.memory.queue(own_queue),
        shared: Arc::clone(shared),
        life: Some(Arc::clone(&life)),
    };
    let mut wired = wired.clone();
    wired.subscriptions =
        wired.subscriptions.into_iter().map(|inner| watched(inner, own_queue, shared, &life)).collect();
    let engine = setup.clone().build_wired(DynTransport::new(transport), wired, problems)?;
    let queues = engine.queues.iter().map(|queue| queue.name.clone()).collect();
    let bus = EventBus::over(engine);
    life.lives_as(bus.engine());
    shared.add(Service { life: Arc::clone(&life), queues });
    bus.start().await?;
    Ok(Process { bus, life })
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
        self.account.shared.remove(&process.life);
    }
}

impl fmt::Debug for TestBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let crashed = self.crashed();
        f.debug_struct("TestBus").field("queue", &self.own_queue).field("crashed", &crashed).finish_non_exhaustive()
    }
}

type WithPublisher = Box<dyn FnOnce(EventBusBuilder, MessagePublisher) -> EventBusBuilder + Send>;

/// Puts a [`TestBus`] together: with the methods of [`EventBusBuilder`], and those of [`TestAccountBuilder`]. One that production
/// code has made is turned into this by `TestBusBuilder::from`.
#[must_use = "call `.start().await` for the bus"]
pub struct TestBusBuilder {
    builder: EventBusBuilder,
    with_publisher: Vec<WithPublisher>,
    make: TestAccountBuilder,
    account: Option<TestAccount>,
    queue: Option<String>,
}

impl From<EventBusBuilder> for TestBusBuilder {
    fn from(builder: EventBusBuilder) -> Self {
        let (with_publisher, make) = (Vec::new(), TestAccountBuilder::default());
        Self { builder, with_publisher, make, account: None, queue: None }
    }
}

/// As of a builder of the production bus.
impl TestBusBuilder {
    /// Everything the linker brought: [`EventBusBuilder::linked`].
    #[cfg(not(target_family = "wasm"))]
    pub fn linked(self) -> Self {
        self.with(EventBusBuilder::linked)
    }

    /// Some of it: [`EventBusBuilder::linked_where`].
    #[cfg(not(target_family = "wasm"))]
    pub fn linked_where(self, wanted: impl Fn(&SubscriberDescriptor) -> bool) -> Self {
        self.with(|builder| builder.linked_where(wanted))
    }

    /// Checks that these crates brought something: [`EventBusBuilder::crates`].
    pub fn crates(self, crates: Crates) -> Self {
        self.with(|builder| builder.crates(crates))
    }

    /// These functions: [`EventBusBuilder::subscribers`].
    pub fn subscribers(self, functions: Functions) -> Self {
        self.with(|builder| builder.subscribers(functions))
    }

    /// A value that subscribes: [`EventBusBuilder::subscriber`].
    pub fn subscriber<M>(self, value: impl IntoSubscriptions<M>) -> Self {
        self.with(|builder| builder.subscriber(value))
    }

    /// A closure that subscribes: [`EventBusBuilder::subscribe`].
    #[track_caller]
    pub fn subscribe<M>(mut self, closure: impl HandlerFn<M>) -> Self {
        self.builder = self.builder.subscribe(closure);
        self
    }

    /// A value that subscribers take as `State<T>`: [`EventBusBuilder::state`].
    pub fn state<T: Clone + Send + Sync + 'static>(self, value: T) -> Self {
        self.with(|builder| builder.state(value))
    }

    /// Most messages in hand at once: [`EventBusBuilder::concurrency`].
    pub fn concurrency(self, messages: usize) -> Self {
        self.with(|builder| builder.concurrency(messages))
    }

    /// How long a poll waits: [`EventBusBuilder::wait`].
    pub fn wait(self, wait: Duration) -> Self {
        self.with(|builder| builder.wait(wait))
    }

    /// What to do with events nobody listens to: [`EventBusBuilder::unknown_events`].
    pub fn unknown_events(self, unknown_events: UnknownEvents) -> Self {
        self.with(|builder| builder.unknown_events(unknown_events))
    }

    /// A queue's part of the budget: [`EventBusBuilder::weight`].
    pub fn weight(self, queue: impl Into<String>, weight: usize) -> Self {
        self.with(|builder| builder.weight(queue, weight))
    }

    fn with(mut self, change: impl FnOnce(EventBusBuilder) -> EventBusBuilder) -> Self {
        self.builder = change(self.builder);
        self
    }
}

/// As only a test has it.
impl TestBusBuilder {
    /// A state that publishes: made from a publisher to the account of the test.
    ///
    /// ```
    /// # use melange::{MessagePublisher, testing::TestBus};
    /// #[derive(Clone)]
    /// struct Desk { publisher: MessagePublisher }
    ///
    /// let bus = TestBus::builder().state_with(|publisher| Desk { publisher });
    /// # let _ = bus;
    /// ```
    pub fn state_with<T: Clone + Send + Sync + 'static>(
        mut self,
        make: impl FnOnce(MessagePublisher) -> T + Send + 'static,
    ) -> Self {
        self.with_publisher.push(Box::new(|builder, publisher| builder.state(make(publisher))));
        self
    }

    /// The queue of subscribers that name none; `melange` unless said otherwise, or what the builder's transport calls it.
    pub fn queue(mut self, name: impl Into<String>) -> Self {
        self.queue = Some(name.into());
        self
    }

    /// On this account, which other buses may be on; its seed and limits are its own.
    pub fn account(mut self, account: &TestAccount) -> Self {
        self.account = Some(account.clone());
        self
    }

    /// What chance begins with: [`TestAccountBuilder::seed`].
    pub fn seed(mut self, seed: u64) -> Self {
        self.make = self.make.seed(seed);
        self
    }

    /// Queues hand out in any order: [`TestAccountBuilder::shuffled`].
    pub fn shuffled(mut self) -> Self {
        self.make = self.make.shuffled();
        self
    }

    /// This share of messages comes twice: [`TestAccountBuilder::duplicates`].
    pub fn duplicates(mut self, share: f64) -> Self {
        self.make = self.make.duplicates(share);
        self
    }

    /// Most runs while it is run until idle: [`TestAccountBuilder::max_attempts`].
    pub fn max_attempts(mut self, attempts: usize) -> Self {
        self.make = self.make.max_attempts(attempts);
        self
    }

    /// Most time meanwhile: [`TestAccountBuilder::max_time`].
    pub fn max_time(mut self, time: Duration) -> Self {
        self.make = self.make.max_time(time);
        self
    }

    /// Longest run of a subscriber without a time-out: [`TestAccountBuilder::max_run`].
    pub fn max_run(mut self, time: Duration) -> Self {
        self.make = self.make.max_run(time);
        self
    }

    /// The bus, started.
    ///
    /// # Panics
    /// If the clock runs, if the bus cannot be built, or if it cannot be started: each with the reason.
    #[track_caller]
    pub fn start(self) -> impl Future<Output = TestBus> + Send + use<> {
        let place = Location::caller();
        async move { self.try_start().await.unwrap_or_else(|why| fail_at(place, why)) }
    }

    /// The same, which returns what it would panic with.
    ///
    /// # Errors
    /// As [`start`](Self::start) says.
    pub async fn try_start(self) -> Result<TestBus, TestError> {
        clock::check()?;
        let Self { mut builder, with_publisher, make, account, queue } = self;
        // An account that the production builder was given is kept.
        let own = builder.given_transport();
        let of_test = own.and_then(|own| own.downcast::<TestTransport>());
        let memory = own.and_then(|own| own.downcast::<MemoryTransport>()).cloned();
        let queue = queue.or_else(|| own.map(|own| own.own_queue().to_owned()));
        let account = account.or_else(|| of_test.map(|own| TestAccount { shared: Arc::clone(&own.shared) }));
        let account = match (account, memory) {
            (Some(account), _) => account,
            (None, Some(memory)) => make.over(memory),
            (None, None) => make.build(),
        };
        let own_queue = queue.unwrap_or_else(|| MemoryTransport::new().own_queue().to_owned());
        for change in with_publisher {
            builder = change(builder, account.publisher());
        }
        let (wiring, setup, _) = builder.into_parts();
        let (wired, problems) = wiring.finish();
        let process = begin(&account, &own_queue, &wired, &setup, problems).await?;
        Ok(TestBus { account, own_queue, wired, setup, process: Mutex::new(process) })
    }
}

impl fmt::Debug for TestBusBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestBusBuilder").field("queue", &self.queue).finish_non_exhaustive()
    }
}
