#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders")]
pub struct Placed {
    #[event(key)]
    pub id: String,
    #[event(key)]
    pub customer: String,
}

fn main() {}
