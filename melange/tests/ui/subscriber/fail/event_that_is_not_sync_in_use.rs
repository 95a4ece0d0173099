use melange::{Event, subscriber};

#[derive(Event)]
#[event(local)]
pub struct Ticked {
    pub count: std::cell::Cell<u64>,
}

#[subscriber(listens_to = Ticked)]
fn count(ticked: &Ticked) {
    ticked.count.set(1);
}

pub struct Clock;

#[subscriber]
impl Clock {
    #[listens_to]
    fn ticked(&self, _ticked: &Ticked) {}
}

fn main() {
    let _ = melange::SynchronousEventBus::builder().subscribers(melange::subscribers![count]).subscriber(Clock);
}
