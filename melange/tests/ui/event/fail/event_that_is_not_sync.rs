#[derive(melange::Event)]
#[event(local)]
pub struct Ticked {
    pub count: std::cell::Cell<u64>,
}

fn main() {}
