#[derive(serde::Serialize, serde::Deserialize, melange::Event)]

pub struct Placed {
    pub id: String,
}

fn main() {}
