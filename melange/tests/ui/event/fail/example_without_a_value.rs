#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders", example)]
struct OrderPlaced {
    order_id: String,
}

fn main() {}
