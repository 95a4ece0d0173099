#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders")]
pub struct Placed {
    #[event(key)]
    pub id: Option<String>,
}

fn main() {}
