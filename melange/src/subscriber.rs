//! What a subscriber is: the trait to write one by hand, and the one that `#[subscriber]` implements.

mod call;
mod descriptor;
mod options;
mod subscription;
mod values;

use std::future::Future;

pub(crate) use call::{AsyncCall, SyncCall};
pub use call::{BoxFuture, Call, Instance, mismatch};
pub use descriptor::{InstanceType, SubscriberDescriptor};
pub use options::SubscriberOptions;
pub(crate) use subscription::Described;
pub use subscription::Subscription;
pub use values::IntoSubscriptions;

use crate::context::Context;
use crate::event::Event;
use crate::outcome::Outcome;

/// What `#[subscriber]` implements on the type of an impl block, by way of the block.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a subscriber",
    label = "not a subscriber",
    note = "add `#[melange::subscriber]` to its impl, or `impl melange::Subscriber<SomeEvent> for {Self}`"
)]
pub trait Subscribers {
    /// One descriptor for each event it listens to.
    const SUBSCRIBERS: &'static [SubscriberDescriptor];
    /// Those of the further impl blocks of a type.
    #[doc(hidden)]
    const PARTS: &'static [&'static [SubscriberDescriptor]] = &[];
}

/// What `#[subscriber]` implements on the hidden type of a function's name. It needs no value, unlike the type of an
/// impl block.
#[diagnostic::on_unimplemented(
    message = "only functions under `#[subscriber]` stand in this list",
    label = "not a function under `#[subscriber]`",
    note = "put `#[melange::subscriber(listens_to = SomeEvent)]` on the function; a value is given by `.subscriber(..)`"
)]
pub trait SubscriberFunction {
    /// One descriptor for each event it listens to.
    const SUBSCRIBERS: &'static [SubscriberDescriptor];
}

/// A subscriber written by hand, without a macro.
///
/// ```rust,standalone_crate
/// use melange::{Context, Event, Outcome, Subscriber};
/// # #[derive(serde::Serialize, serde::Deserialize, Event)]
/// # #[event(topic = "orders")]
/// # struct OrderPlaced { total_cents: u64 }
///
/// struct Ledger;
///
/// impl Subscriber<OrderPlaced> for Ledger {
///     async fn process(&self, event: &OrderPlaced, cx: &Context<OrderPlaced>) -> Outcome {
///         println!("{} cents, {}", event.total_cents, cx.metadata().occurred_on);
///         Outcome::Done
///     }
/// }
///
/// let bus = melange::EventBus::builder().subscriber(Ledger).build()?;
/// # Ok::<(), melange::BuildErrors>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a subscriber of `{E}`",
    label = "not a subscriber",
    note = "add `#[melange::subscriber]` to its impl, or `impl melange::Subscriber<SomeEvent> for {Self}`"
)]
pub trait Subscriber<E: Event>: Send + Sync + 'static {
    /// Handles one event.
    fn process(&self, event: &E, cx: &Context<E>) -> impl Future<Output = Outcome> + Send;

    /// Queue, retries, timeout and concurrency; defaults where not set.
    fn options(&self) -> SubscriberOptions {
        SubscriberOptions::new()
    }
}
