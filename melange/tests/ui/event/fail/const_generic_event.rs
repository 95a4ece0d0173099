#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders")]
pub struct Placed<const N: usize> {
    pub id: String,
}

fn main() {}
