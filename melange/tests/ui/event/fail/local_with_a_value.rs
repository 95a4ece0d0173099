#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(local = true)]
pub struct Placed {
    pub id: String,
}

fn main() {}
