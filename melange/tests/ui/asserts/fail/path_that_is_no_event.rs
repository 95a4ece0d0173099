pub mod shop {
    pub struct NoEvent {
        pub total: u64,
    }
}

pub fn test(bus: &melange::testing::TestBus) {
    melange::assert_published!(bus, shop::NoEvent, times = 1);
}

fn main() {}
