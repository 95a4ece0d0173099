//! The messages of a queue in the order of arrival, each found at once by whoever knows its spot.

use slab::Slab;

/// Where a message is: its place in the order of arrival, and the slot that it lies in. In the order of places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spot {
    pub(super) place: u64,
    slot: usize,
}

impl Spot {
    /// Before every spot from this place on.
    pub(super) fn before(place: u64) -> Self {
        Self { place, slot: 0 }
    }
}

/// Values in the order of their places. They mostly come at the end, and go from anywhere: neither takes longer where there
/// are many.
pub(super) struct Line<T> {
    slots: Slab<Linked<T>>,
    first: Option<usize>,
    last: Option<usize>,
}

struct Linked<T> {
    place: u64,
    before: Option<usize>,
    after: Option<usize>,
    value: T,
}

impl<T> Default for Line<T> {
    fn default() -> Self {
        Self { slots: Slab::new(), first: None, last: None }
    }
}

impl<T> Line<T> {
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn get(&self, spot: Spot) -> Option<&T> {
        self.slots.get(spot.slot).filter(|linked| linked.place == spot.place).map(|linked| &linked.value)
    }

    pub(super) fn get_mut(&mut self, spot: Spot) -> Option<&mut T> {
        self.slots.get_mut(spot.slot).filter(|linked| linked.place == spot.place).map(|linked| &mut linked.value)
    }

    /// Puts a value in at its place, which no other has.
    pub(super) fn insert(&mut self, place: u64, value: T) -> Spot {
        // At the end, but for what is put back.
        let mut before = self.last;
        while let Some(linked) = before.and_then(|slot| self.slots.get(slot))
            && linked.place > place
        {
            before = linked.before;
        }
        let after = match before {
            Some(slot) => self.slots.get(slot).and_then(|linked| linked.after),
            None => self.first,
        };
        let slot = self.slots.insert(Linked { place, before, after, value });
        self.set_after(before, Some(slot));
        self.set_before(after, Some(slot));
        Spot { place, slot }
    }

    pub(super) fn remove(&mut self, spot: Spot) -> Option<T> {
        self.get(spot)?;
        let Linked { before, after, value, .. } = self.slots.try_remove(spot.slot)?;
        self.set_after(before, after);
        self.set_before(after, before);
        Some(value)
    }

    pub(super) fn first(&self) -> Option<(Spot, &T)> {
        self.iter().next()
    }

    /// In their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Spot, &T)> {
        let mut next = self.first;
        std::iter::from_fn(move || {
            let slot = next?;
            let linked = self.slots.get(slot)?;
            next = linked.after;
            Some((Spot { place: linked.place, slot }, &linked.value))
        })
    }

    fn set_after(&mut self, slot: Option<usize>, after: Option<usize>) {
        match slot.and_then(|slot| self.slots.get_mut(slot)) {
            Some(linked) => linked.after = after,
            None => self.first = after,
        }
    }

    fn set_before(&mut self, slot: Option<usize>, before: Option<usize>) {
        match slot.and_then(|slot| self.slots.get_mut(slot)) {
            Some(linked) => linked.before = before,
            None => self.last = before,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(line: &Line<char>) -> String {
        line.iter().map(|(_, value)| *value).collect()
    }

    #[test]
    fn they_stand_by_place_whoever_comes_and_goes() {
        let mut line = Line::default();
        let spots = [1, 3, 5].map(|place| line.insert(place, char::from(b'0' + place as u8)));
        line.insert(4, '4');
        line.insert(0, '0');
        assert_eq!((all(&line).as_str(), line.len()), ("01345", 5));
        assert_eq!(line.remove(spots[1]), Some('3'));
        assert_eq!(line.remove(spots[1]), None);
        assert_eq!(line.remove(spots[2]), Some('5'));
        line.insert(6, '6');
        assert_eq!(all(&line), "0146");
        assert_eq!(line.first().map(|(spot, _)| spot.place), Some(0));
        assert_eq!((line.get(spots[2]), line.get(spots[0])), (None, Some(&'1')), "a slot is used again, a spot is not");
        for place in [0, 1, 4, 6] {
            let first = line.first().map(|(spot, _)| spot);
            assert_eq!(first.map(|spot| spot.place), Some(place));
            line.remove(first.unwrap());
        }
        assert!(line.first().is_none() && line.last.is_none());
    }
}
