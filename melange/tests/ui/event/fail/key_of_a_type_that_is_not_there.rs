#[derive(melange::Event)]
#[event(local)]
pub struct Placed {
    #[event(key)]
    pub id: OrderId,
}

fn main() {}
