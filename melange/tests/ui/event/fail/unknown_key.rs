#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topik = "orders")]
pub struct Placed {
    pub id: String,
}

fn main() {}
