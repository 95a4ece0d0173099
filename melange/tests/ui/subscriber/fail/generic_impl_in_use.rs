use melange::{Event, subscriber};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Cancelled {}

pub struct Ledger<T>(pub T);

#[subscriber]
impl<T> Ledger<T>
where
    T: Send + Sync + 'static,
{
    #[listens_to]
    pub async fn placed(&self, _order: &Placed) {}
}

pub async fn build(order: &Placed) {
    Ledger(1).placed(order).await;
    let _ = melange::EventBus::builder().subscriber(Ledger(1));
}

fn main() {}
