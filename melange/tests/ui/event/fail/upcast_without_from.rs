#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders", version = 2, upcast_from = [PlacedV1])]
pub struct Placed {
    pub id: String,
}

#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders", name = "Placed")]
pub struct PlacedV1 {}

fn main() {}
