use melange::{Event, subscriber};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

pub struct Ledger;

#[subscriber]
impl Ledger {
    #[listens_to]
    async fn placed(&self, _order: &Placed) -> Result<(), LedgerError> {
        Ok(())
    }
}

fn main() {}
