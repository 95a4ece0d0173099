pub fn test(bus: &melange::testing::TestBus) {
    melange::assert_published!(bus);
}

fn main() {}
