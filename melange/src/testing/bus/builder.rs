//! How a test puts its bus together: as production does, and as only a test can.

use std::fmt;
use std::panic::Location;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::TestBus;
use super::process::begin;
use crate::consumer::UnknownEvents;
use crate::publisher::MessagePublisher;
use crate::testing::account::{TestAccount, TestAccountBuilder};
use crate::testing::clock;
use crate::testing::error::TestError;
use crate::testing::fail::fail_at;
use crate::testing::transport::TestTransport;
use crate::transport::{MemoryTransport, Transport as _};
use crate::{Crates, EventBusBuilder, Functions, HandlerFn, IntoSubscriptions, SubscriberDescriptor};

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
