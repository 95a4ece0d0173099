//! A subscriber may stand in any module or function, also within a method.

use melange::{Event, SynchronousEventBus, subscriber};

#[derive(Event)]
#[event(local)]
pub struct Ticked;

pub struct Clock;

mod inner {
    impl super::Clock {
        fn before(self) -> impl Sized {
            self
        }
    }

    #[melange::subscriber(listens_to = super::Ticked)]
    pub fn in_a_module(_: &super::Ticked) {}

    pub fn begin() {
        drop(super::Clock.before());
    }
}

impl Clock {
    fn bus(&self) -> SynchronousEventBus {
        /* ü */ #[subscriber(listens_to = Ticked)]
        fn in_a_method(_: &Ticked) {}

        SynchronousEventBus::builder().subscribers(melange::subscribers![in_a_method, inner::in_a_module]).build().unwrap()
    }
}

trait Given {
    fn bus(&self, given: bool) -> Option<SynchronousEventBus> {
        if given {
            #[subscriber(listens_to = Ticked)]
            fn in_a_trait(_: &Ticked) {}

            return SynchronousEventBus::builder().subscribers(melange::subscribers![in_a_trait]).build().ok();
        }
        None
    }
}

impl Given for u8 {}

fn main() {
    inner::begin();
    Clock.bus().publish(&Ticked).unwrap();
    Given::bus(&3, true).unwrap().publish(&Ticked).unwrap();
}
