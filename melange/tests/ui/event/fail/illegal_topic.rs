#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "or ders")]
pub struct Placed {
    pub id: String,
}

fn main() {}
