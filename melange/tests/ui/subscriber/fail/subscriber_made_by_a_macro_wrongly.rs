use melange::{Event, subscriber};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Cancelled {}

macro_rules! receipts {
    ($name:ident, $event:ty) => {
        #[subscriber(listens_to = $event)]
        async fn $name(_event: $event) {}
    };
}

receipts!(receipt, Placed);

fn main() {}
