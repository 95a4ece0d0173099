#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event("orders")]
pub struct Placed {
    pub id: String,
}

fn main() {}
