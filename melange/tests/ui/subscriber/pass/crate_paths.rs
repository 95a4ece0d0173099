//! Every way to say where the core is.
#![forbid(unsafe_code)]
#![deny(missing_docs, warnings)]

/// A facade.
pub mod facade {
    pub use melange::{Event, subscriber};

    /// Deeper.
    pub mod deep {
        pub use melange as bus;
    }
}

/// An event.
#[derive(Debug, serde::Serialize, serde::Deserialize, facade::Event)]
#[event(topic = "orders", name = "Placed", version = 2, upcast_from = [Older], crate = crate::facade::deep::bus)]
pub struct Placed {
    /// A key.
    #[event(key, dedup_id, attribute)]
    pub id: String,
    /// Where to.
    #[event(topic)]
    pub topic: String,
    /// When.
    #[event(occurred_on)]
    pub occurred_on: facade::deep::bus::Timestamp,
}

/// The older version.
#[derive(Debug, serde::Serialize, serde::Deserialize, facade::Event)]
#[event(topic = "orders", name = "Placed", crate = facade::deep::bus)]
pub struct Older;

impl From<Older> for Placed {
    fn from(_: Older) -> Self {
        Self { id: String::new(), topic: String::new(), occurred_on: facade::deep::bus::Timestamp::now() }
    }
}

#[facade::subscriber(listens_to = Placed, crate = self::facade::deep::bus, retry(backoff = "1s"), timeout = "3s")]
async fn function(_: &Placed, _: &facade::deep::bus::Metadata) -> Result<(), std::io::Error> {
    Ok(())
}

#[facade::subscriber(listens_to = Placed, crate = ::melange, blocking)]
fn blocking(_: &Placed) {}

/// A value.
#[derive(Debug)]
pub struct Ledger;

#[facade::subscriber(crate = facade::deep::bus)]
impl Ledger {
    #[listens_to]
    async fn placed(&self, _: &Placed) {}
}

/// A value.
#[derive(Debug)]
pub struct Counter;

#[facade::subscriber(listens_to = Placed, crate = facade::deep::bus, concurrency = 2)]
impl Counter {
    async fn process(&self, _: &Placed) {}
}

fn main() {
    use melange as local;

    #[derive(Debug, local::Event)]
    #[event(local, crate = local)]
    struct Ticked(u8);

    #[local::subscriber(listens_to = Ticked, crate = local)]
    fn ticked(event: &Ticked) {
        let _ = event.0;
    }

    let functions = melange::subscribers![function, blocking];
    melange::EventBus::builder().subscribers(functions).subscriber(Ledger).subscriber(Counter).build().unwrap();
    melange::SynchronousEventBus::builder().subscribers(melange::subscribers![ticked]).build().unwrap();
}
