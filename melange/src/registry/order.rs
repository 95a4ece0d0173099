//! The order of what a registry holds: the same in every run, whatever the linker's was.

use std::cmp::Ordering;

use crate::event::EventDescriptor;
use crate::subscriber::SubscriberDescriptor;

/// Sorts by name, version and place, and leaves each in it once.
pub(crate) fn sort_events(events: &mut Vec<&'static EventDescriptor>) {
    // A name says who comes first by its first letters, mostly: then nothing else is looked at again, wherever in memory it is.
    let first_letters = |event: &EventDescriptor| {
        let mut letters = [0; 16];
        letters.iter_mut().zip(event.name().bytes()).for_each(|(to, from)| *to = from);
        u128::from_be_bytes(letters)
    };
    let may_be_twice = sort_by(events, first_letters, |a, b| {
        (a.name(), a.version(), a.location()).cmp(&(b.name(), b.version(), b.location()))
    });
    if may_be_twice {
        events.dedup_by(|a, b| a.is_same_type(b));
    }
}

/// Sorts by place, name and event.
pub(crate) fn sort_subscribers(subscribers: &mut [&'static SubscriberDescriptor]) {
    let file = |subscriber: &SubscriberDescriptor| {
        let place = subscriber.location();
        (place.module_path(), place.file())
    };
    let mut files: Vec<_> = subscribers.iter().map(|subscriber| file(subscriber)).collect();
    files.dedup();
    files.sort_unstable();
    files.dedup();
    // Of few files, each found by its number; in one of them by the line.
    let place = |subscriber: &SubscriberDescriptor| {
        let (Ok(number) | Err(number)) = files.binary_search(&file(subscriber));
        (number, subscriber.location().line())
    };
    let all = |subscriber: &SubscriberDescriptor| {
        let event = subscriber.event();
        (subscriber.location(), subscriber.name(), event.name(), event.version())
    };
    sort_by(subscribers, place, |a, b| all(a).cmp(&all(b)));
}

/// Sorts by `key`, which is asked for once for each, and by `all` where that is the same: says whether it ever was.
fn sort_by<T, K: Ord>(items: &mut [&'static T], key: impl Fn(&T) -> K, all: impl Fn(&T, &T) -> Ordering) -> bool {
    let mut keyed: Vec<(K, &'static T)> = items.iter().map(|item| (key(item), *item)).collect();
    keyed.sort_by(|(a_key, a), (b_key, b)| a_key.cmp(b_key).then_with(|| all(a, b)));
    items.iter_mut().zip(&keyed).for_each(|(item, (_, sorted))| *item = sorted);
    !keyed.is_sorted_by(|(a, _), (b, _)| a < b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::Needs;
    use crate::outcome::Outcome;
    use crate::subscriber::Call;
    use crate::{Event, Location};

    struct Happened;

    impl Event for Happened {
        const DESCRIPTOR: &'static EventDescriptor = &EventDescriptor::new::<Self>("Happened", "Happened", HERE);
    }

    const HERE: Location = Location::new("orders", "orders.rs", 1);
    /// Some of which begin with the same 16 letters, or are those.
    const NAMES: [&str; 6] = ["", "Order", "Order\0", "OrderPlacedAgain", "OrderPlacedAgain1", "OrderPlacedAgainÄ"];
    const PLACES: [(&str, &str); 4] =
        [("orders", "a.rs"), ("orders::billing", "b.rs"), ("orders::billing", "a.rs"), ("payments", "a.rs")];

    fn one_of<T: Copy>(of: &[T]) -> T {
        of[fastrand::usize(..of.len())]
    }

    fn place() -> Location {
        let (module, file) = one_of(&PLACES);
        Location::new(module, file, fastrand::u32(1..4))
    }

    fn event() -> &'static EventDescriptor {
        let event = EventDescriptor::new::<Happened>(one_of(&NAMES), "Happened", place());
        let event = event.with_version(fastrand::u32(1..3));
        Box::leak(Box::new(if fastrand::bool() { event } else { event.standing_for::<u8>() }))
    }

    fn subscriber(events: &[&'static EventDescriptor]) -> &'static SubscriberDescriptor {
        let call = Call::Sync(|_, _| Outcome::Done);
        let needs = |_: &mut Needs| {};
        Box::leak(Box::new(SubscriberDescriptor::new(one_of(&NAMES), one_of(events), place(), needs, call)))
    }

    #[test]
    fn the_order_is_that_of_all_that_is_compared_and_of_the_list_where_all_is_the_same() {
        for seed in 0..200 {
            fastrand::seed(seed);
            let mut events: Vec<_> = (0..fastrand::usize(..60)).map(|_| event()).collect();
            events.push(event());
            let mut subscribers: Vec<_> = (0..fastrand::usize(..60)).map(|_| subscriber(&events)).collect();
            let (mut expected_events, mut expected_subscribers) = (events.clone(), subscribers.clone());
            expected_events.sort_by_key(|event| (event.name(), event.version(), event.location()));
            expected_subscribers.sort_by_key(|subscriber| {
                let event = subscriber.event();
                (subscriber.location(), subscriber.name(), event.name(), event.version())
            });
            sort_events(&mut events);
            // In earnest a type has one name; here those of one type may have several.
            for events in [&mut events, &mut expected_events] {
                events.dedup_by(|a, b| a.is_same_type(b));
            }
            sort_subscribers(&mut subscribers);
            assert!(events.iter().map(|one| &raw const **one).eq(expected_events.iter().map(|one| &raw const **one)));
            let (sorted, expected) = (subscribers.iter(), expected_subscribers.iter());
            assert!(sorted.map(|one| &raw const **one).eq(expected.map(|one| &raw const **one)), "seed {seed}");
        }
    }
}
