//! Building a test bus: as in production, and with options that only a test has.

use std::fmt;
use std::panic::Location;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::TestBus;
use super::process::begin;
use crate::consumer::{UnknownEvents, UnknownVersions};
use crate::publisher::MessagePublisher;
use crate::testing::account::{TestAccount, TestAccountBuilder};
use crate::testing::clock;
use crate::testing::error::TestError;
use crate::testing::fail::fail_at;
use crate::testing::transport::TestTransport;
use crate::transport::{MemoryTransport, Transport as _};
use crate::{Crates, EventBusBuilder, Functions, HandlerFn, IntoSubscriptions, SubscriberDescriptor};

type WithPublisher = Box<dyn FnOnce(EventBusBuilder, MessagePublisher) -> EventBusBuilder + Send>;

/// Builds a [`TestBus`]: with the methods of [`EventBusBuilder`] and of [`TestAccountBuilder`]. `TestBusBuilder::from`
/// converts a builder made by production code.
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
    /// Everything that was linked: [`EventBusBuilder::linked`].
    #[cfg(not(target_family = "wasm"))]
    pub fn linked(self) -> Self {
        self.with(EventBusBuilder::linked)
    }

    /// Some of what is linked: [`EventBusBuilder::linked_where`].
    #[cfg(not(target_family = "wasm"))]
    pub fn linked_where(self, wanted: impl Fn(&SubscriberDescriptor) -> bool) -> Self {
        self.with(|builder| builder.linked_where(wanted))
    }

    /// Checks that these crates registered something: [`EventBusBuilder::crates`].
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

    /// The maximum number of messages in flight: [`EventBusBuilder::concurrency`].
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

    /// What to do with events of a version that no subscriber can read: [`EventBusBuilder::unknown_versions`].
    pub fn unknown_versions(self, unknown_versions: UnknownVersions) -> Self {
        self.with(|builder| builder.unknown_versions(unknown_versions))
    }

    /// A queue's share of the concurrency: [`EventBusBuilder::weight`].
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
    /// A state that publishes: made from a publisher for the test's account.
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

    /// The queue for subscribers that name none; by default `melange`, or the own queue of the builder's transport.
    pub fn queue(mut self, name: impl Into<String>) -> Self {
        self.queue = Some(name.into());
        self
    }

    /// Uses this account, which may have other buses on it, and has its own seed and limits.
    pub fn account(mut self, account: &TestAccount) -> Self {
        self.account = Some(account.clone());
        self
    }

    /// The random seed: [`TestAccountBuilder::seed`].
    pub fn seed(mut self, seed: u64) -> Self {
        self.make = self.make.seed(seed);
        self
    }

    /// Queues deliver in random order: [`TestAccountBuilder::shuffled`].
    pub fn shuffled(mut self) -> Self {
        self.make = self.make.shuffled();
        self
    }

    /// This share of messages is delivered twice: [`TestAccountBuilder::duplicates`].
    pub fn duplicates(mut self, share: f64) -> Self {
        self.make = self.make.duplicates(share);
        self
    }

    /// The most runs of subscribers in one run until idle: [`TestAccountBuilder::max_attempts`].
    pub fn max_attempts(mut self, attempts: usize) -> Self {
        self.make = self.make.max_attempts(attempts);
        self
    }

    /// The most time in one run until idle: [`TestAccountBuilder::max_time`].
    pub fn max_time(mut self, time: Duration) -> Self {
        self.make = self.make.max_time(time);
        self
    }

    /// The longest run of a subscriber without a timeout: [`TestAccountBuilder::max_run`].
    pub fn max_run(mut self, time: Duration) -> Self {
        self.make = self.make.max_run(time);
        self
    }

    /// Builds and starts the bus.
    ///
    /// # Panics
    /// If the clock is not paused, or the bus cannot be built or started: each with the reason.
    #[track_caller]
    pub fn start(self) -> impl Future<Output = TestBus> + Send + use<> {
        let place = Location::caller();
        async move { self.try_start().await.unwrap_or_else(|why| fail_at(place, why)) }
    }

    /// The same, but returns an error instead of panicking.
    ///
    /// # Errors
    /// Where [`start`](Self::start) panics.
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
        let (wiring, setup) = builder.into_parts();
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
