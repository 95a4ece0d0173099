use melange::{Event, subscriber};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

pub struct Held(pub std::marker::PhantomData<std::sync::MutexGuard<'static, u64>>);

#[subscriber]
impl Held {
    #[listens_to]
    async fn placed(&self, _order: &Placed) {}
}

fn main() {}
