//! A contract test that keeps events readable: it refuses a build that dropped a field, but not one that made it a new
//! version. `cargo run --example contract_gate`
//!
//! In a service it is one line of a test: `melange::assert_contract!("contract.json")`. Here the builds are modules.

use melange::Registry;
use melange::contract::{Contract, check_registry};

/// The version in production.
mod before {
    use melange::Event;
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize, Event)]
    #[event(topic = "orders")]
    pub(crate) struct OrderPlaced {
        order_id: String,
        total_cents: u64,
        status: Status,
    }

    #[derive(Serialize, Deserialize)]
    pub(crate) enum Status {
        Open,
        Paid,
    }
}

/// An incompatible change that somebody is about to merge.
mod careless {
    use melange::Event;
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize, Event)]
    #[event(topic = "orders")]
    pub(crate) struct OrderPlaced {
        order_id: String,
        status: Status,
        note: Option<String>,
    }

    #[derive(Serialize, Deserialize)]
    pub(crate) enum Status {
        Open,
    }
}

/// The same change, done compatibly.
mod careful {
    use melange::Event;
    use serde::{Deserialize, Serialize};

    pub(crate) use super::before::Status;

    #[derive(Serialize, Deserialize, Event)]
    #[event(topic = "orders", name = "OrderPlaced")]
    pub(crate) struct OrderPlacedV1 {
        order_id: String,
        total_cents: u64,
        status: Status,
    }

    #[derive(Serialize, Deserialize, Event)]
    #[event(topic = "orders", version = 2, upcast_from = [OrderPlacedV1])]
    pub(crate) struct OrderPlaced {
        order_id: String,
        is_paid: bool,
    }

    impl From<OrderPlacedV1> for OrderPlaced {
        fn from(old: OrderPlacedV1) -> Self {
            Self { order_id: old.order_id, is_paid: matches!(old.status, Status::Paid) }
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::temp_dir().join(format!("contract-{}.json", std::process::id()));
    Contract::of(&Registry::default().with::<before::OrderPlaced>())?.write(&path)?;
    println!("contract.json, as it is committed:\n{}", Contract::read(&path)?);

    println!("--- A field dropped, a variant dropped, a note added: ---");
    match check_registry(&Registry::default().with::<careless::OrderPlaced>(), &path) {
        Ok(changes) => println!("let through:\n{changes}"),
        Err(refused) => println!("refused: {refused}\n"),
    }

    println!("--- A new version, with the old one still read: ---");
    let careful = Registry::default().with::<careful::OrderPlaced>().with::<careful::OrderPlacedV1>();
    match check_registry(&careful, &path) {
        Ok(changes) => println!("let through:\n{changes}"),
        Err(refused) => println!("refused: {refused}\n"),
    }
    std::fs::remove_file(&path)?;
    Ok(())
}
