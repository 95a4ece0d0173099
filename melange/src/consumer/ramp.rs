//! How many receives of a queue are open at once: one while it is idle, more while they return full batches.

/// The most receives open at once for one queue.
const MOST: usize = 16;

/// The most there may ever be, if this many whole batches may be in flight.
pub(crate) fn most(batches: usize) -> usize {
    batches.clamp(1, MOST)
}

/// How many receives of a queue should be open.
#[derive(Debug, Default)]
pub(crate) struct Ramp {
    /// In addition to the one that is always open.
    more: usize,
    busy: bool,
}

impl Ramp {
    /// So many, and no more than `most`.
    pub(crate) fn level(&self, most: usize) -> usize {
        (1 + self.more).min(most)
    }

    /// Whether the last receive brought something.
    pub(crate) fn is_busy(&self) -> bool {
        self.busy
    }

    /// Notes how many messages a receive has returned, of those that it requested.
    pub(crate) fn brought(&mut self, brought: usize, asked: usize, batch: usize) {
        self.busy = brought > 0;
        self.more = match brought {
            0 => 0,
            _ if brought >= batch => (self.more + 1).min(MOST),
            // There may be more than it asked for.
            _ if brought >= asked => self.more,
            _ => self.more.saturating_sub(1),
        };
    }

    /// After a failure: one receive is enough until the outage is over.
    pub(crate) fn failed(&mut self) {
        self.more = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_while_they_come_back_full_and_one_when_there_is_nothing() {
        let mut ramp = Ramp::default();
        assert_eq!((ramp.level(7), ramp.is_busy()), (1, false));
        for _ in 0..3 {
            ramp.brought(10, 10, 10);
        }
        assert_eq!((ramp.level(7), ramp.level(2), ramp.level(most(0))), (4, 2, 1));
        ramp.brought(4, 4, 10);
        assert_eq!(ramp.level(7), 4, "it brought all that was asked for");
        ramp.brought(4, 10, 10);
        assert_eq!(ramp.level(7), 3);
        ramp.brought(0, 10, 10);
        assert_eq!((ramp.level(7), ramp.is_busy()), (1, false));
        for _ in 0..1000 {
            ramp.brought(10, 10, 10);
        }
        assert_eq!(ramp.level(most(usize::MAX)), MOST);
        ramp.failed();
        assert_eq!(ramp.level(7), 1);
    }
}
