#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders")]
pub struct Placed {
    #[event(key)]
    pub ids: Vec<u8>,
}

fn main() {}
