#[derive(melange::Event)]
#[event(local)]
pub union Bits {
    pub a: u32,
    pub b: f32,
}

fn main() {}
