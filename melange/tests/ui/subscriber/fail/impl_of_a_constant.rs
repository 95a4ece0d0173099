use melange::{Event, subscriber};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Cancelled {}

pub struct Buffer<const N: usize>;

#[subscriber]
impl<const N: usize> Buffer<N> {
    #[listens_to]
    async fn placed(&self, _order: &Placed) {}
}

fn main() {}
