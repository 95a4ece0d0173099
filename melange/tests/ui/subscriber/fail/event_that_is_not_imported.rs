use melange::{Metadata, subscriber};

mod shop {
    #[derive(melange::Event)]
    #[event(local)]
    pub struct Placed {}
}

#[subscriber(listens_to = Placed)]
async fn receipts(_order: &Placed, _meta: &Metadata) {}

fn main() {}
