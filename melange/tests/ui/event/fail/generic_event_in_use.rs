#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders")]
pub struct Changed<T> {
    pub to: T,
}

#[melange::subscriber(listens_to = Changed<u8>)]
pub async fn receipt(_order: &Changed<u8>, _cx: &melange::Context<Changed<u8>>) {}

pub async fn send(bus: &melange::EventBus) {
    let _ = bus.publish(Changed { to: 1_u8 }).await;
}

fn main() {}
