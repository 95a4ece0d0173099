#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders")]
#[serde(rename_all = "snake_case")]
#[allow(non_snake_case)]
pub struct Placed {
    pub eventVersion: u32,
}

fn main() {}
