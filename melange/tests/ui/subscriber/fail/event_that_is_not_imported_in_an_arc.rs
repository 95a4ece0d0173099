use std::sync::Arc;

use melange::subscriber;

mod shop {
    #[derive(melange::Event)]
    #[event(local)]
    pub struct Placed {}
}

#[subscriber(listens_to = Placed)]
async fn receipts(_order: Arc<Placed>) {}

fn main() {}
