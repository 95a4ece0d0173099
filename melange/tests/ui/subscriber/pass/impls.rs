//! Impl blocks under `#[subscriber]`: what else may be in them, and what they may be for.
#![forbid(unsafe_code)]
#![deny(missing_docs, warnings)]

use melange::{Event, Outcome, State, subscriber};

/// An event.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

/// Another.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Cancelled {}

macro_rules! nothing {
    ($($tokens:tt)*) => {};
}

macro_rules! method {
    ($name:ident) => {
        fn $name(&self) -> u8 {
            self.0
        }
    };
}

/// With much beside its handlers.
#[derive(Debug)]
pub struct Ledger(u8);

/// Docs of the block.
#[subscriber(queue = "books", retry(attempts = 2, backoff = "1s..2s"), timeout = "5s", concurrency = 3, name = "Book")]
#[allow(clippy::unused_async)]
impl Ledger
where
    Self: Sized,
{
    nothing! { fn a() {} }
    nothing!(b);
    method!(made);

    /// A constant.
    pub const LIMIT: u8 = { 1 + 2 };
    const ARRAY: [u8; 2] = [1, Self::LIMIT];

    /// A constructor.
    pub const fn new() -> Self {
        Self(Self::ARRAY[1])
    }

    /// A handler, whose `self` is written out.
    #[inline]
    #[listens_to]
    async fn placed(self: &Self, order: &Placed) -> Result<(), String> {
        let _ = (order, self.made());
        Ok(())
    }

    #[listens_to(queue = "other", retry(attempts = 7), timeout = "1s", concurrency = 1, name = "cancellations")]
    /// A handler with options of its own.
    fn cancelled(self: &Ledger, order: &Cancelled) -> Outcome {
        let _ = (order, self.generic(1));
        Outcome::Done
    }

    fn generic<T>(&self, value: T) -> T
    where
        T: Clone,
    {
        value
    }
}

/// An event that is its own subscriber.
#[derive(Debug, Clone, Event)]
#[event(local)]
pub struct Selfish;

#[subscriber(listens_to = Selfish)]
impl Selfish {
    fn process(&self, me: &Self, State(other): State<Option<Self>>) {
        let _ = (me, other);
    }
}

/// Several events, named without an argument; and one by its full name.
#[derive(Debug)]
pub struct Audit;

#[subscriber]
impl Audit {
    #[melange::listens_to(Placed, crate::Cancelled)]
    async fn both(&self) {}

    #[listens_to(blocking, Selfish)]
    fn selfish(&self) {}
}

/// Generic.
#[derive(Debug)]
pub struct Store<T, const N: usize>([T; N]);

#[subscriber]
impl Store<u8, 3> {
    #[listens_to]
    async fn placed(&self, _: &Placed) {
        let _ = self.0;
    }
}

/// Of any lifetime, here of one.
#[derive(Debug)]
pub struct Borrowed<'a>(&'a str);

#[subscriber]
impl Borrowed<'static> {
    #[listens_to]
    async fn placed(&self, _: &Placed) {
        let _ = self.0;
    }
}

mod inner {
    #[derive(Debug)]
    pub(crate) struct Inner;
}

#[subscriber(listens_to = [Placed, Cancelled])]
impl inner::Inner {
    async fn process(&self, placed: Option<&Placed>) {
        let _ = placed;
    }
}

fn main() {
    let builder = melange::EventBus::builder().linked_where(|subscriber| subscriber.instance_type() != Some("Selfish"));
    let builder = builder.subscriber(Ledger::new()).subscriber(Audit).subscriber(Store([1, 2, 3]));
    builder.subscriber(Borrowed("x")).subscriber(inner::Inner).build().unwrap();
}
