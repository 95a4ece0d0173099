#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic =)]
pub struct Placed {
    pub id: String,
}

fn main() {}
