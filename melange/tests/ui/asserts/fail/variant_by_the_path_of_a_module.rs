pub mod shop {
    #[derive(serde::Serialize, serde::Deserialize, melange::Event)]
    #[event(topic = "payments")]
    pub enum Payment {
        Taken,
        Refused,
    }

    pub use Payment::Refused;
}

pub fn test(bus: &melange::testing::TestBus) {
    melange::assert_published!(bus, shop::Refused);
}

fn main() {}
