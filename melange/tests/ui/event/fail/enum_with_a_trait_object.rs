pub trait Carrier {}

#[derive(melange::Event)]
#[event(local)]
pub enum Shipped {
    ByHand,
    By { carrier: Box<dyn Carrier> },
}

fn main() {}
