#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders", version = 2, upcast_from = [String])]
pub struct Placed {
    pub id: String,
}

impl From<String> for Placed {
    fn from(id: String) -> Self {
        Self { id }
    }
}

fn main() {}
