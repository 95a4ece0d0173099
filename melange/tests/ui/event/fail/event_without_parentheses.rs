#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event]
pub struct Placed {
    pub id: String,
}

fn main() {}
