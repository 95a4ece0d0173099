//! The synchronous bus with events and subscribers made by the macros: those that take nothing but the event are called
//! without a context, beside those that ask for more, and every one must see what it would see otherwise.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use melange::{Event, Metadata, Outcome, State, SubscriberErrorKind, SynchronousEventBus, subscriber, subscribers};

#[derive(Event)]
#[event(local)]
struct Rang {
    times: u32,
    heard: Heard,
}

#[derive(Event)]
#[event(local)]
struct Fell(Heard);

#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    fn list(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, text: impl Into<String>) {
        self.list().push(text.into());
    }
}

fn rang(times: u32) -> Rang {
    Rang { times, heard: Heard::default() }
}

#[subscriber(listens_to = Rang)]
fn plain(rang: &Rang) {
    rang.heard.note(format!("plain {}", rang.times));
}

#[subscriber(listens_to = Rang)]
fn picky(rang: &Rang) -> Result<(), String> {
    rang.heard.note("picky");
    if rang.times == 3 { Err("three is too often".to_owned()) } else { Ok(()) }
}

#[subscriber(listens_to = Rang)]
fn never(rang: &Rang) -> Outcome {
    rang.heard.note("never");
    Outcome::reject("not today")
}

#[subscriber(listens_to = Rang, blocking)]
fn slow(rang: &Rang) {
    rang.heard.note("slow");
}

/// Panics with a value that panics again when it is dropped.
#[subscriber(listens_to = Rang)]
fn falls(rang: &Rang) {
    struct Falls;
    impl Drop for Falls {
        fn drop(&mut self) {
            panic!("again");
        }
    }
    rang.heard.note("falls");
    std::panic::panic_any(Falls);
}

#[subscriber(listens_to = Rang)]
fn asks(rang: &Rang, meta: &Metadata, State(name): State<&'static str>) {
    rang.heard.note(format!("asks {name} {}", meta.attempt));
}

#[subscriber(listens_to = [Rang, Fell])]
fn either(rang: Option<&Rang>, fell: Option<&Fell>) {
    let heard = rang.map(|rang| &rang.heard).or(fell.map(|fell| &fell.0));
    if let Some(heard) = heard {
        heard.note("either");
    }
}

struct Bell {
    name: String,
}

#[subscriber]
impl Bell {
    #[listens_to]
    fn rung(&self, rang: &Rang) {
        rang.heard.note(format!("{} {}", self.name, rang.times));
    }

    #[listens_to]
    fn broken(&self, fell: &Fell) -> Result<(), String> {
        fell.0.note(self.name.clone());
        Err(format!("{} is broken", self.name))
    }
}

#[test]
fn functions_and_methods_that_take_only_the_event_run_in_order() {
    let bus = SynchronousEventBus::builder()
        .subscribers(subscribers![plain, slow])
        .subscriber(Bell { name: "low".to_owned() })
        .build()
        .unwrap();
    let rang = rang(1);
    bus.publish(&rang).unwrap();
    assert_eq!(*rang.heard.list(), ["plain 1", "slow", "low 1"]);

    let fell = Fell(Heard::default());
    let error = bus.publish(&fell).unwrap_err();
    assert_eq!(*fell.0.list(), ["low"]);
    assert_eq!(error.to_string(), "subscriber `Bell::broken` failed on Fell: low is broken");
}

#[test]
fn a_value_stays_where_it_is_as_long_as_anybody_may_look_for_it() {
    let heard = |bus: &SynchronousEventBus| {
        let rang = rang(2);
        bus.publish(&rang).unwrap();
        rang.heard.list().clone()
    };
    struct Gong(u32);

    #[subscriber]
    impl Gong {
        #[listens_to]
        fn rung(&self, rang: &Rang) {
            rang.heard.note(format!("gong {}", self.0));
        }
    }
    let gong = Arc::new(Gong(1));
    let weak = Arc::downgrade(&gong);
    let bus = SynchronousEventBus::builder().subscriber(gong).build().unwrap();
    assert_eq!(heard(&bus), ["gong 1"]);
    assert_eq!(weak.upgrade().map(|gong| gong.0), Some(1), "the bus has it");
    drop(bus);
    assert!(weak.upgrade().is_none(), "and had it alone");

    let gong = Arc::new(Gong(2));
    let bus = SynchronousEventBus::builder().subscriber(Arc::clone(&gong)).build().unwrap();
    assert_eq!(heard(&bus), ["gong 2"]);
    drop(bus);
    assert_eq!(Arc::strong_count(&gong), 1);

    let bus = SynchronousEventBus::builder().subscriber(Gong(3)).build().unwrap();
    assert_eq!(heard(&bus), ["gong 3"]);
}

#[test]
fn all_that_fail_are_listed_and_all_others_run_whatever_a_panic_was_thrown_with() {
    let bus = SynchronousEventBus::builder()
        .subscribers(subscribers![falls, picky, plain, never, slow])
        .subscribe(|rang: &Rang| assert_eq!(rang.times, 0, "the last of the frozen"))
        .build()
        .unwrap();
    bus.subscribe(|rang: &Rang| rang.heard.note("added"));
    bus.subscribe(|_: &Rang| Err::<(), _>("added, and failed"));
    let rang = rang(3);
    let error = bus.publish(&rang).unwrap_err();
    assert_eq!(*rang.heard.list(), ["falls", "picky", "plain 3", "never", "slow", "added"]);
    let kinds: Vec<_> = error.iter().map(|failure| failure.kind()).collect();
    use SubscriberErrorKind::{Failed, Panicked, Rejected};
    assert_eq!(kinds, [Panicked, Failed, Rejected, Panicked, Failed]);
    assert_eq!(error.event_name(), "Rang");
}

#[test]
fn one_that_asks_for_more_changes_nothing_for_the_others() {
    let bus =
        SynchronousEventBus::builder().state("bell").subscribers(subscribers![plain, asks, either]).build().unwrap();
    let rang = rang(2);
    bus.publish(&rang).unwrap();
    assert_eq!(*rang.heard.list(), ["plain 2", "asks bell 1", "either"]);
    let fell = Fell(Heard::default());
    bus.publish(&fell).unwrap();
    assert_eq!(*fell.0.list(), ["either"]);
}

#[test]
fn what_is_added_to_one_event_is_heard_from_the_next_publish_on_and_until_it_is_taken_away() {
    let bus = SynchronousEventBus::builder().subscribers(subscribers![plain]).build().unwrap();
    let other = SynchronousEventBus::builder().build().unwrap();
    let first = bus.subscribe(|rang: &Rang| rang.heard.note("first"));
    let second = bus.subscribe(|rang: &Rang| rang.heard.note("second"));
    bus.subscribe(|fell: &Fell| fell.0.note("fell"));
    let heard = |bus: &SynchronousEventBus| {
        let rang = rang(1);
        bus.publish(&rang).unwrap();
        rang.heard.list().join(", ")
    };
    assert_eq!(heard(&bus), "plain 1, first, second");
    assert_eq!(heard(&other), "");
    first.unsubscribe();
    assert_eq!(heard(&bus), "plain 1, second");
    second.unsubscribe();
    second.unsubscribe();
    assert_eq!(heard(&bus), "plain 1");
    bus.clone().shutdown();
    let rang = rang(1);
    assert!(bus.publish(&rang).unwrap_err().is_closed());
    assert!(bus.publish(&Fell(Heard::default())).unwrap_err().is_closed());
    assert_eq!(*rang.heard.list(), [""; 0]);
}
