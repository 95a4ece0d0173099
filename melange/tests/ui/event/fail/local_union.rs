use melange::Event;

#[derive(Clone, Copy, Event)]
#[event(local)]
pub union Placed {
    pub a: u8,
}

fn main() {}
