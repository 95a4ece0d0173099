#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders", example = "o-1")]
struct OrderPlaced {
    order_id: String,
}

fn main() {}
