#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders")]
pub struct Placed {
    #[event(dedup_id)]
    pub id: String,
    #[event(dedup_id)]
    pub request: u64,
}

fn main() {}
