#[derive(melange::Event)]
#[event(local)]
pub struct Placed {
    pub lines: Vec<Line>,
}

fn main() {}
