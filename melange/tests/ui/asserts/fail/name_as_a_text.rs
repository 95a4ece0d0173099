#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders")]
pub struct Placed {
    pub total: u64,
}

pub fn test(bus: &melange::testing::TestBus) {
    melange::assert_published!(bus, "Placed");
}

fn main() {}
