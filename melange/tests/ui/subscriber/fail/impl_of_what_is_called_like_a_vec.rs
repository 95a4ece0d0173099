use melange::{Event, subscriber};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

pub struct Vec;

#[subscriber]
impl Vec {
    #[listens_to]
    async fn placed(&self, _order: &Placed) {}
}

fn main() {}
