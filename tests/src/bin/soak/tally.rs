//! The counts, and the order of FIFO keys.

use std::collections::{BTreeMap, HashMap};

use melange_tests::six_counts::SixCounts;

use crate::line::{Id, Line};

const ATTEMPTED: u8 = 1;
const ACKNOWLEDGED: u8 = 2;
const RECEIVED: u8 = 4;
const AGAIN: u8 = 8;

/// What is known of every event: a byte for each.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    events: HashMap<Option<u64>, Vec<u8>>,
    /// The latest of each key that had its effect, and those that had theirs for the first time after it.
    latest: BTreeMap<u64, u64>,
    late: Vec<Id>,
    /// How many tasks each process has, as it said first and last.
    pub(crate) tasks: BTreeMap<String, (usize, usize)>,
    /// What processes said when they ended.
    pub(crate) ended: Vec<(String, String)>,
}

impl Tally {
    pub(crate) fn note(&mut self, line: Line) {
        match line {
            Line::Attempt(id) => *self.event(id) |= ATTEMPTED,
            Line::Acknowledged(id) => *self.event(id) |= ACKNOWLEDGED,
            Line::Received(id) => self.received(id),
            Line::Tasks(who, tasks) => self.tasks.entry(who).or_insert((tasks, tasks)).1 = tasks,
            Line::Ended(who, how) => self.ended.push((who, how)),
        }
    }

    fn received(&mut self, id: Id) {
        let event = self.event(id);
        let before = *event;
        *event |= if before & RECEIVED == 0 { RECEIVED } else { AGAIN };
        let Some(key) = id.key.filter(|_| before & RECEIVED == 0) else { return };
        match self.latest.get(&key) {
            Some(latest) if id.number < *latest => self.late.push(id),
            _ => {
                self.latest.insert(key, id.number);
            }
        }
    }

    fn event(&mut self, id: Id) -> &mut u8 {
        let of_key = self.events.entry(id.key).or_default();
        let at = usize::try_from(id.number).unwrap_or(usize::MAX);
        if of_key.len() <= at {
            of_key.resize(at + 1, 0);
        }
        &mut of_key[at]
    }

    /// The six counts of both topics, as far as they are known; what is on its way counts as lost until it comes.
    pub(crate) fn counts(&self) -> SixCounts {
        let mut counts = SixCounts::default();
        for event in self.events.values().flatten() {
            let is = |what: u8| usize::from(event & what != 0);
            counts.attempted += is(ATTEMPTED);
            counts.acknowledged += is(ACKNOWLEDGED);
            counts.received += is(RECEIVED);
            counts.duplicated += is(AGAIN);
            counts.unexpected += usize::from(event & RECEIVED != 0 && event & ATTEMPTED == 0);
            counts.lost += usize::from(event & ACKNOWLEDGED != 0 && event & RECEIVED == 0);
        }
        counts
    }

    /// Those that came for the first time after a later one of their key, though they had been acknowledged before that
    /// was published. What was not acknowledged may arrive whenever its request does.
    pub(crate) fn out_of_order(&self) -> Vec<Id> {
        let acknowledged = |id: &&Id| {
            let at = usize::try_from(id.number).unwrap_or(usize::MAX);
            self.events.get(&id.key).and_then(|events| events.get(at)).is_some_and(|event| event & ACKNOWLEDGED != 0)
        };
        self.late.iter().filter(acknowledged).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(lines: &[&str]) -> Tally {
        let mut tally = Tally::default();
        lines.iter().for_each(|line| tally.note(Line::read(line).unwrap()));
        tally
    }

    #[test]
    fn the_six_counts() {
        let tally = tally(&[
            "attempt - 0",
            "acknowledged - 0",
            "attempt - 1",
            "acknowledged - 1",
            "received - 1",
            "received - 1",
            "attempt - 2",
            "received - 2",
            "received - 7",
        ]);
        let expected = SixCounts { attempted: 3, acknowledged: 2, received: 3, duplicated: 1, unexpected: 1, lost: 1 };
        assert_eq!(tally.counts(), expected);
    }

    #[test]
    fn only_what_was_acknowledged_must_keep_its_place() {
        let lines = ["attempt 1 0", "attempt 1 1", "acknowledged 1 1", "attempt 1 2", "acknowledged 1 2"];
        let received = ["received 1 2", "received 1 0", "received 1 1", "received 1 2", "received 1 0"];
        let tally = tally(&[lines.as_slice(), &received].concat());
        assert_eq!(tally.out_of_order(), [Id { key: Some(1), number: 1 }]);
    }
}
