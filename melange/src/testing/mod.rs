#![doc = include_str!("../../docs/testing.md")]

mod account;
mod asserts;
mod bus;
mod call;
mod clock;
pub mod conformance;
mod ending;
mod error;
mod fail;
mod fault;
mod idle;
mod journal;
mod life;
mod shared;
mod show;
mod transport;
mod typed;
mod watched;

pub use account::{TestAccount, TestAccountBuilder};
#[doc(hidden)]
pub use asserts::Wanted;
#[doc(hidden)]
pub use asserts::check_idle;
pub use bus::{TestBus, TestBusBuilder};
pub use call::{Called, TestCall};
pub use ending::Ending;
pub use error::{TestError, TestErrorKind};
pub use fault::{Crash, Fault};
pub use idle::Idle;
pub use transport::TestTransport;
pub use typed::{Attempt, DeadLettered, Published};

/// Whether `wanted` is this name, or the end of this path.
fn is_called(name: &str, wanted: &str) -> bool {
    name.strip_suffix(wanted).is_some_and(|before| before.is_empty() || before.ends_with("::"))
}
