#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders")]
pub struct Placed {}

fn main() {
    melange::assert_topology!(publishes = Placed);
}
