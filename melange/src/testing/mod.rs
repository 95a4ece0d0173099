#![doc = include_str!("../../docs/testing.md")]

mod account;
#[doc(hidden)]
pub mod asserts;
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
mod left;
mod life;
mod names;
mod shared;
mod show;
mod transport;
mod typed;
mod watched;

pub use account::{TestAccount, TestAccountBuilder};
pub use bus::{TestBus, TestBusBuilder};
pub use call::{Called, TestCall};
pub use ending::Ending;
pub use error::{TestError, TestErrorKind};
pub use fault::{Crash, Fault};
pub use idle::Idle;
pub use life::crash_here;
pub use transport::TestTransport;
pub use typed::{Attempt, DeadLettered, Published};

/// Whether `wanted` is this path, or a part of it: of `shop::Ledger::placed`, `Ledger::placed` and `Ledger` are.
fn is_called(name: &str, wanted: &str) -> bool {
    let (name, wanted): (Vec<&str>, Vec<&str>) = (name.split("::").collect(), wanted.split("::").collect());
    name.windows(wanted.len()).any(|part| part == wanted)
}

#[cfg(test)]
mod tests {
    use super::is_called;

    #[test]
    fn a_subscriber_is_called_by_its_path_or_a_part_of_it() {
        for wanted in ["shop::Ledger::placed", "Ledger::placed", "placed", "Ledger"] {
            assert!(is_called("shop::Ledger::placed", wanted), "{wanted}");
        }
        for wanted in ["", "Led", "aced", "Ledger::", "shop::placed", "a::shop::Ledger::placed"] {
            assert!(!is_called("shop::Ledger::placed", wanted), "{wanted}");
        }
    }
}
