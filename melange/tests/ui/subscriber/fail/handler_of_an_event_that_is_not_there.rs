use melange::subscriber;

pub struct Ledger;

#[subscriber]
impl Ledger {
    #[listens_to]
    async fn placed(&self, _order: &Placed) {}
}

fn main() {
    let _ = melange::EventBus::builder().subscriber(Ledger);
}
