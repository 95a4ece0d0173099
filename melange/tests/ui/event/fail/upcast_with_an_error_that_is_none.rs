#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders", version = 2, upcast_from = [PlacedV1])]
pub struct Placed {
    total: u64,
}

#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders", name = "Placed")]
pub struct PlacedV1 {}

impl TryFrom<PlacedV1> for Placed {
    type Error = ();

    fn try_from(_: PlacedV1) -> Result<Self, ()> {
        Err(())
    }
}

fn main() {}
