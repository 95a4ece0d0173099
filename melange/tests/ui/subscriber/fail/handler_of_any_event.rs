use melange::{Event, subscriber};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

pub struct Audit;

#[subscriber]
impl Audit {
    #[listens_to]
    async fn any(&self, _event: &dyn Event) {}
    #[listens_to]
    async fn placed(&self, _order: &Placed) {}
}

fn main() {}
