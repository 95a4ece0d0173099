use melange::subscriber;

mod shop {
    #[derive(melange::Event)]
    #[event(local)]
    pub struct Placed {}
}

pub struct Ledger;

#[subscriber(listens_to = Placed)]
impl Ledger {
    async fn process(&self, _order: &Placed) {}
}

fn main() {}
