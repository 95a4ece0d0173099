use melange::Event;

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Cancelled {}

mod shop {
    #[melange::subscriber(listens_to = super::Placed)]
    async fn receipt(_order: &super::Placed) {}
}

fn main() {
    let _ = melange::EventBus::builder().subscribers(melange::subscribers![shop::receipt]);
}
