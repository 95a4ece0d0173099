#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders")]
pub struct Placed {
    pub total: u64,
}

pub struct NoEvent;

pub fn test(bus: &melange::testing::TestBus) {
    melange::assert_published!(bus, |placed| placed.total > 3);
}

fn main() {}
