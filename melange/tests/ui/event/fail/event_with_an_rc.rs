use std::rc::Rc;

use melange::{Event, subscriber};

#[derive(Event)]
#[event(local)]
pub struct Ticked {
    pub id: String,
    pub seen: Vec<Rc<u64>>,
}

#[subscriber(listens_to = Ticked)]
async fn count(ticked: &Ticked) {
    let _ = ticked.seen.len();
}

pub struct Clock;

#[subscriber]
impl Clock {
    #[listens_to]
    async fn ticked(&self, _ticked: std::sync::Arc<Ticked>) {}
}

fn main() {
    let _ = melange::AsynchronousEventBus::builder().subscribers(melange::subscribers![count]).subscriber(Clock);
}
