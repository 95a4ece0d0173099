#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders")]
pub struct Placed {
    #[event(dedup_id)]
    pub ids: Vec<u8>,
}

fn main() {}
