//! Which message is next: in publish order, and one at a time for each key.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::chance::Dice;
use super::line::Spot;
use super::sorted::Sorted;

/// How a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// May be handed out, as far as it alone is concerned.
    Visible,
    /// Handed out and not settled.
    InHand,
    /// Delayed, or resting for a retry.
    Away,
}

/// The order of one queue. Messages are known by their spot, whose place grows with every message.
pub(super) struct Order {
    fifo: bool,
    /// Whether keys count; in FIFO queues they do.
    keyed: bool,
    lanes: HashMap<Arc<str>, Lane>,
    /// What may be handed out now: of each key, one message at most.
    ready: Sorted<Spot>,
}

/// The messages of one key that have a say in which is next: all of them in a FIFO queue; in a standard queue not those
/// that are away.
#[derive(Default)]
struct Lane {
    line: BTreeMap<Spot, Standing>,
    in_hand: usize,
    /// The one of them that is in `ready`.
    ready: Option<Spot>,
}

impl Order {
    /// Without `keyed`, messages of a standard queue are as if they had no key.
    pub(super) fn new(fifo: bool, keyed: bool) -> Self {
        Self { fifo, keyed: fifo || keyed, lanes: HashMap::new(), ready: Sorted::default() }
    }

    /// The message to hand out next; with dice, one that they choose.
    pub(super) fn next(&self, dice: Option<&mut Dice>) -> Option<Spot> {
        let first = self.ready.first()?;
        let Some(dice) = dice else { return Some(first) };
        let from = dice.between(first.place, self.ready.last()?.place);
        self.ready.from(&Spot::before(from))
    }

    /// The message that may be handed out with the one at `spot`, which comes before it in its FIFO group.
    pub(super) fn following(&self, spot: Spot, key: Option<&Arc<str>>) -> Option<Spot> {
        let lane = self.lanes.get(key.filter(|_| self.fifo)?)?;
        let (next, standing) = lane.line.range(Spot::before(spot.place + 1)..).next()?;
        (*standing == Standing::Visible).then_some(*next)
    }

    /// The message at `spot` stands like this now; `None` when it is gone.
    pub(super) fn set(&mut self, spot: Spot, key: Option<&Arc<str>>, standing: Option<Standing>) {
        let Some(key) = key.filter(|_| self.keyed) else {
            if standing == Some(Standing::Visible) {
                self.ready.insert(spot);
            } else {
                self.ready.remove(&spot);
            }
            return;
        };
        let lane = self.lanes.entry(Arc::clone(key)).or_default();
        lane.set(spot, standing.filter(|standing| self.fifo || *standing != Standing::Away));
        let next = lane.next();
        if lane.ready != next {
            if let Some(before) = lane.ready {
                self.ready.remove(&before);
            }
            if let Some(next) = next {
                self.ready.insert(next);
            }
            lane.ready = next;
        }
        if lane.line.is_empty() {
            self.lanes.remove(key);
        }
    }
}

impl Lane {
    fn set(&mut self, spot: Spot, standing: Option<Standing>) {
        let before = match standing {
            Some(standing) => self.line.insert(spot, standing),
            None => self.line.remove(&spot),
        };
        self.in_hand += usize::from(standing == Some(Standing::InHand));
        self.in_hand -= usize::from(before == Some(Standing::InHand));
    }

    fn next(&self) -> Option<Spot> {
        let (spot, standing) = self.line.first_key_value()?;
        (self.in_hand == 0 && *standing == Standing::Visible).then_some(*spot)
    }
}

#[cfg(test)]
mod tests {
    use super::Standing::{Away, InHand, Visible};
    use super::*;

    fn at(place: u64) -> Spot {
        Spot::before(place)
    }

    fn order(fifo: bool, keys: &[Option<&str>]) -> (Order, Vec<Option<Arc<str>>>) {
        let keys: Vec<Option<Arc<str>>> = keys.iter().map(|key| key.map(Arc::from)).collect();
        let mut order = Order::new(fifo, true);
        for (place, key) in (0..).zip(&keys) {
            order.set(at(place), key.as_ref(), Some(Visible));
        }
        (order, keys)
    }

    fn ready(order: &Order) -> Vec<u64> {
        let mut ready = order.ready.clone();
        std::iter::from_fn(|| ready.first().inspect(|spot| ready.remove(spot)).map(|spot| spot.place)).collect()
    }

    #[test]
    fn of_each_key_only_the_first_is_ready_and_all_without_a_key() {
        for fifo in [true, false] {
            let (order, _) = order(fifo, &[Some("a"), Some("a"), None, Some("b"), None, Some("b")]);
            assert_eq!(ready(&order), [0, 2, 3, 4]);
        }
    }

    #[test]
    fn one_in_hand_holds_back_its_key() {
        for fifo in [true, false] {
            let (mut order, keys) = order(fifo, &[Some("a"), Some("a"), Some("b")]);
            order.set(at(0), keys[0].as_ref(), Some(InHand));
            assert_eq!(ready(&order), [2]);
            order.set(at(0), keys[0].as_ref(), None);
            assert_eq!(ready(&order), [1, 2]);
        }
    }

    #[test]
    fn one_that_is_away_holds_back_its_fifo_group_but_not_its_standard_key() {
        for (fifo, then) in [(true, vec![2]), (false, vec![1, 2])] {
            let (mut order, keys) = order(fifo, &[Some("a"), Some("a"), Some("b")]);
            order.set(at(0), keys[0].as_ref(), Some(Away));
            assert_eq!(ready(&order), then);
            order.set(at(0), keys[0].as_ref(), Some(Visible));
            assert_eq!(ready(&order), [0, 2], "back at its place");
        }
    }

    #[test]
    fn an_earlier_one_that_is_back_waits_for_the_later_one_in_hand() {
        let (mut order, keys) = order(false, &[Some("a"), Some("a")]);
        order.set(at(0), keys[0].as_ref(), Some(Away));
        order.set(at(1), keys[1].as_ref(), Some(InHand));
        order.set(at(0), keys[0].as_ref(), Some(Visible));
        assert_eq!(order.next(None), None);
        order.set(at(1), keys[1].as_ref(), None);
        assert_eq!(order.next(None), Some(at(0)));
    }

    #[test]
    fn keys_that_are_done_are_forgotten() {
        for fifo in [true, false] {
            let (mut order, keys) = order(fifo, &[Some("a"), Some("b"), None]);
            for (place, key) in (0..).zip(&keys) {
                order.set(at(place), key.as_ref(), Some(InHand));
                order.set(at(place), key.as_ref(), None);
            }
            assert!(order.lanes.is_empty() && order.ready.first().is_none());
        }
    }
}
