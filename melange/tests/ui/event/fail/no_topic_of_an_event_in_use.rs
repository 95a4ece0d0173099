#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
pub struct Placed {
    pub id: String,
}

#[melange::subscriber(listens_to = Placed)]
pub async fn receipt(_order: &Placed, _cx: &melange::Context<Placed>) {}

pub async fn send(bus: &melange::EventBus) {
    let _ = bus.publish(Placed { id: String::new() }).await;
}

fn main() {}
