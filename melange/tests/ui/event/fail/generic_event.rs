#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders")]
pub struct Changed<T> {
    pub to: T,
}

fn main() {}
