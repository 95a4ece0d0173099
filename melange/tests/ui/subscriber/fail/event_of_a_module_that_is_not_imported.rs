use melange::subscriber;

mod shop {
    #[derive(melange::Event)]
    #[event(local)]
    pub struct Placed {}
}

#[subscriber(listens_to = orders::Placed)]
async fn receipts(_order: Option<&orders::Placed>) {}

fn main() {}
