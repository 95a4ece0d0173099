//! How many messages may be in flight at once: one budget for all queues, shared by weight.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// One permit for each message in flight, over all queues. What one queue does not use, others may; when demand exceeds
/// the budget, each gets its share by weight. A queue that only waits for messages holds its permits meanwhile.
pub(crate) struct Budget {
    state: Mutex<State>,
    changed: Notify,
}

struct State {
    limit: usize,
    used: usize,
    shares: Vec<Share>,
    turn: u64,
}

/// One queue's share.
struct Share {
    weight: usize,
    used: usize,
    /// Receives that wait for permits.
    waiting: usize,
    /// How many the last of them wants.
    want: usize,
    /// Which turn it got permits last.
    served: u64,
}

impl State {
    fn free(&self) -> usize {
        self.limit.saturating_sub(self.used)
    }

    /// The waiting queue with the best claim: the one that has least for its weight, and among equals the one that was
    /// served longest ago.
    fn next(&self) -> Option<usize> {
        let waiting = self.shares.iter().enumerate().filter(|(_, share)| share.waiting > 0);
        waiting.min_by_key(|(_, share)| share.claim()).map(|(index, _)| index)
    }

    fn is_next(&self, queue: usize) -> bool {
        let claim = |queue: usize| self.shares.get(queue).map(Share::claim);
        self.next().is_none_or(|next| claim(queue) <= claim(next))
    }

    /// Whether what is free is all that this queue waits for.
    fn is_enough(&self, queue: usize) -> bool {
        self.shares.get(queue).is_some_and(|share| self.free() >= share.want.min(self.limit))
    }

    fn take(&mut self, queue: usize, count: usize) {
        self.used += count;
        self.turn += 1;
        if let Some(share) = self.shares.get_mut(queue) {
            share.used += count;
            share.served = self.turn;
        }
    }
}

impl Share {
    /// The less, the better.
    fn claim(&self) -> (usize, u64) {
        ((self.used + 1) * SCALE / self.weight, self.served)
    }
}

/// Claims are compared as whole numbers.
const SCALE: usize = 1 << 16;

impl Budget {
    /// `limit` permits for queues of these weights.
    pub(crate) fn new(limit: usize, weights: impl IntoIterator<Item = usize>) -> Arc<Self> {
        let share = |weight: usize| Share { weight: weight.clamp(1, SCALE), used: 0, waiting: 0, want: 0, served: 0 };
        let shares = weights.into_iter().map(share).collect();
        Arc::new(Self { state: Mutex::new(State { limit, used: 0, shares, turn: 0 }), changed: Notify::new() })
    }

    pub(crate) fn limit(&self) -> usize {
        self.state().limit
    }

    /// More may start at once; of fewer, what is in hand is finished first.
    pub(crate) fn set_limit(&self, limit: usize) {
        self.state().limit = limit.max(1);
        self.changed.notify_waiters();
    }

    pub(crate) fn set_weight(&self, queue: usize, weight: usize) {
        if let Some(share) = self.state().shares.get_mut(queue) {
            share.weight = weight.clamp(1, SCALE);
        }
        self.changed.notify_waiters();
    }

    /// Up to `want` permits for `queue`: all of them if they are free, otherwise what is free when `patience` is over,
    /// at least one. `patience` is computed from the numbers of free and of all permits. Waiting a little merges
    /// several requests into one.
    pub(crate) async fn reserve(
        self: &Arc<Self>,
        queue: usize,
        want: usize,
        patience: impl Fn(usize, usize) -> Duration,
    ) -> Permits {
        let _waiting = Waiting::new(self, queue, want);
        let mut since = None;
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let gathering = {
                let mut state = self.state();
                let free = state.free();
                if free > 0 && state.is_next(queue) {
                    let until = *since.get_or_insert_with(Instant::now) + patience(free, state.limit);
                    if free >= want.min(state.limit) || Instant::now() >= until {
                        let count = free.min(want);
                        state.take(queue, count);
                        return Permits { budget: Arc::clone(self), queue, count };
                    }
                    Some(until)
                } else {
                    None
                }
            };
            match gathering {
                Some(until) => drop(timeout_at(until, changed).await),
                None => changed.await,
            }
        }
    }

    /// `want` permits if they are free now and nobody waits for them.
    pub(crate) fn try_reserve(self: &Arc<Self>, queue: usize, want: usize) -> Option<Permits> {
        let mut state = self.state();
        if state.free() < want || state.next().is_some() {
            return None;
        }
        state.take(queue, want);
        Some(Permits { budget: Arc::clone(self), queue, count: want })
    }

    /// Whether nothing is free, so that a queue that is not polled waits for handlers, not for its broker.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.state().free() == 0
    }

    fn release(&self, queue: usize, count: usize) {
        let mut state = self.state();
        let (free_before, next_before) = (state.free(), state.next());
        state.used -= count;
        if let Some(share) = state.shares.get_mut(queue) {
            share.used -= count;
        }
        // Not for every permit: the waiting receive is notified of the first, then when there are twice as many, and
        // when there are enough.
        let many_more = state.free().checked_ilog2() != free_before.checked_ilog2();
        let wanted = state.next().is_some_and(|next| many_more || Some(next) != next_before || state.is_enough(next));
        drop(state);
        if wanted {
            self.changed.notify_waiters();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a receive among those that wait, until it has its permits or is given up.
struct Waiting<'a> {
    budget: &'a Budget,
    queue: usize,
}

impl<'a> Waiting<'a> {
    fn new(budget: &'a Budget, queue: usize, want: usize) -> Self {
        if let Some(share) = budget.state().shares.get_mut(queue) {
            share.waiting += 1;
            share.want = want;
        }
        Self { budget, queue }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(share) = self.budget.state().shares.get_mut(self.queue) {
            share.waiting -= 1;
        }
        // Another queue may be next now.
        self.budget.changed.notify_waiters();
    }
}

/// Permits of a queue; given back when dropped.
pub(crate) struct Permits {
    budget: Arc<Budget>,
    queue: usize,
    count: usize,
}

impl Permits {
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// Gives up to `count` of them back.
    pub(crate) fn release(&mut self, count: usize) {
        let count = count.min(self.count);
        self.count -= count;
        if count > 0 {
            self.budget.release(self.queue, count);
        }
    }

    /// Gives all but `count` of them back.
    pub(crate) fn keep(&mut self, count: usize) {
        self.release(self.count.saturating_sub(count));
    }

    /// Takes up to `count` of another's, of the same queue.
    pub(crate) fn take_from(&mut self, other: &mut Self, count: usize) {
        let count = count.min(other.count);
        other.count -= count;
        self.count += count;
    }

    /// Takes up to `count` of them.
    pub(crate) fn split(&mut self, count: usize) -> Self {
        let count = count.min(self.count);
        self.count -= count;
        Self { budget: Arc::clone(&self.budget), queue: self.queue, count }
    }
}

impl Drop for Permits {
    fn drop(&mut self) {
        self.release(self.count);
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    const SOON: Duration = Duration::from_millis(100);

    async fn now(budget: &Arc<Budget>, queue: usize, want: usize) -> Option<Permits> {
        timeout(Duration::from_millis(1), budget.reserve(queue, want, |_, _| Duration::ZERO)).await.ok()
    }

    #[tokio::test(start_paused = true)]
    async fn never_more_than_the_limit() {
        let budget = Budget::new(12, [1]);
        let mut first = now(&budget, 0, 10).await.unwrap();
        let second = now(&budget, 0, 10).await.unwrap();
        assert_eq!((first.len(), second.len()), (10, 2));
        assert!(now(&budget, 0, 1).await.is_none());
        drop(first.split(3));
        assert_eq!(now(&budget, 0, 10).await.map(|permits| permits.len()), Some(3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_few_are_waited_for_a_little_so_that_one_request_brings_several() {
        let budget = Budget::new(10, [1]);
        let mut held = now(&budget, 0, 10).await.unwrap();
        let begun = Instant::now();
        let (got, ()) = tokio::join!(budget.reserve(0, 10, |_, _| SOON), async {
            drop(held.split(1));
            tokio::time::sleep(SOON / 2).await;
            drop(held.split(4));
        });
        assert_eq!((got.len(), begun.elapsed()), (5, SOON));
        drop(got);
        drop(held);
        let begun = Instant::now();
        let all = budget.reserve(0, 10, |_, _| SOON).await;
        assert_eq!((all.len(), begun.elapsed()), (10, Duration::ZERO), "where all are free nobody waits");
    }

    #[tokio::test(start_paused = true)]
    async fn when_all_want_more_each_gets_its_part() {
        let budget = Budget::new(40, [3, 1]);
        let mut of_second = now(&budget, 1, 40).await.unwrap();
        let mut kept = Vec::new();
        for _ in 0..60 {
            let first = budget.reserve(0, 1, |_, _| Duration::ZERO);
            let second = budget.reserve(1, 1, |_, _| Duration::ZERO);
            tokio::pin!(first, second);
            // Both wait before there is one.
            assert!(
                timeout(Duration::from_millis(1), async {
                    tokio::select! { _ = &mut first => {} _ = &mut second => {} }
                })
                .await
                .is_err()
            );
            drop(if of_second.len() > 10 { of_second.split(1) } else { kept.remove(0) });
            tokio::select! {
                permit = &mut first => kept.push(permit),
                permit = &mut second => kept.push(permit),
            }
        }
        // The second gave 30 away, one by one, until each had its part, and kept that.
        let of_first = kept.iter().filter(|permits| permits.queue == 0).count();
        assert_eq!((of_first, kept.len() - of_first + of_second.len()), (30, 10));
    }

    #[tokio::test(start_paused = true)]
    async fn what_one_does_not_use_another_may() {
        let budget = Budget::new(40, [1, 1]);
        let mut all = Vec::new();
        while let Some(permits) = now(&budget, 1, 10).await {
            all.push(permits);
        }
        assert_eq!(all.iter().map(Permits::len).sum::<usize>(), 40);
        assert!(budget.is_exhausted() && budget.try_reserve(0, 1).is_none());
        drop(all.pop());
        assert!(budget.try_reserve(0, 11).is_none());
        assert_eq!(budget.try_reserve(0, 10).map(|permits| permits.len()), Some(10));
    }

    #[tokio::test(start_paused = true)]
    async fn the_limit_can_change_while_in_use() {
        let budget = Budget::new(2, [1]);
        let held = now(&budget, 0, 2).await.unwrap();
        budget.set_limit(5);
        assert_eq!(now(&budget, 0, 10).await.map(|permits| permits.len()), Some(3));
        budget.set_limit(1);
        assert!(now(&budget, 0, 1).await.is_none());
        drop(held);
        assert_eq!(now(&budget, 0, 5).await.map(|permits| permits.len()), Some(1));
    }
}
