//! `#[cfg]` and `#[cfg_attr]` on subscribers, impl blocks and handlers.
#![forbid(unsafe_code)]
#![deny(missing_docs, warnings)]

use melange::{Event, subscriber};

/// An event.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

/// Another.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Cancelled {}

#[cfg(any())]
#[subscriber(listens_to = Nothing)]
async fn gone(_: &Nothing) {}

#[subscriber(listens_to = Nothing)]
#[cfg(any())]
async fn gone_too(_: &Nothing) {}

#[subscriber(listens_to = Nothing)]
#[cfg_attr(all(), cfg(any()))]
async fn gone_in_the_end(_: &Nothing) {}

#[cfg(any())]
#[subscriber(listens_to = Placed)]
async fn either(_: &Placed) {}

#[cfg_attr(all(), subscriber(listens_to = Placed))]
#[cfg(not(any()))]
async fn either(_: &Placed) {}

/// Some of its handlers are not there.
#[derive(Debug)]
pub struct Ledger;

#[subscriber]
#[cfg(all())]
impl Ledger {
    #[cfg(any())]
    #[listens_to]
    async fn gone(&self, _: &Nothing) {}

    #[cfg_attr(all(), cfg(any()))]
    #[listens_to]
    async fn gone_too(&self, _: &Nothing) {}

    #[cfg(any())]
    #[listens_to]
    async fn placed(&self, _: &Placed) {}

    #[listens_to]
    #[cfg(not(any()))]
    async fn placed(&self, _: &Placed) {}

    #[cfg_attr(any(), listens_to)]
    fn no_handler(&self, _: &Placed) {}

    #[cfg_attr(all(), inline, listens_to(Cancelled, name = "conditional"))]
    #[cfg_attr(any(), listens_to(Cancelled, name = "never"))]
    fn conditional(&self) {
        self.no_handler(&Placed {});
    }
}

#[subscriber]
#[cfg(any())]
impl Nothing {
    #[listens_to]
    async fn gone(&self, _: &Nothing) {}
}

fn main() {
    let registry = melange::Registry::linked().unwrap();
    let mut names: Vec<_> = registry.subscribers().map(|subscriber| subscriber.name()).collect();
    names.sort_unstable();
    assert_eq!(names, ["Ledger::placed", "conditional", "either"]);
}
