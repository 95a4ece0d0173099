//! The faults that are injected, and which of them a call meets.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::{Fault, What};
use crate::shared::Shared;

/// The faults that are injected, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    active: Vec<Active>,
    next_id: u64,
}

#[derive(Debug)]
struct Active {
    id: u64,
    fault: Fault,
    seen: u64,
    hits: Arc<AtomicU64>,
    draw: fastrand::Rng,
}

/// What a call meets.
#[derive(Debug, Clone)]
pub(crate) struct Planned {
    pub(crate) what: What,
    pub(crate) delay: Duration,
    pub(crate) date_skew: Option<i64>,
}

impl Planned {
    pub(crate) const NOTHING: Self = Self { what: What::Nothing, delay: Duration::ZERO, date_skew: None };
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault, shared: &Arc<Shared>) -> Injected {
        self.next_id += 1;
        let hits = Arc::new(AtomicU64::new(0));
        let draw = fastrand::Rng::with_seed(fault.chance.map_or(0, |(_, seed)| seed));
        self.active.push(Active { id: self.next_id, fault, seen: 0, hits: Arc::clone(&hits), draw });
        Injected { id: self.next_id, hits, shared: Arc::clone(shared) }
    }

    pub(crate) fn clear(&mut self) {
        self.active.clear();
    }

    fn remove(&mut self, id: u64) {
        self.active.retain(|active| active.id != id);
    }

    /// The first that is for this call.
    pub(crate) fn plan(&mut self, action: &str, target: &str) -> Planned {
        let met = self.active.iter_mut().find_map(|active| active.meets(action, target));
        let Some((id, spent, planned)) = met else { return Planned::NOTHING };
        if spent {
            self.remove(id);
        }
        planned
    }
}

impl Active {
    fn meets(&mut self, action: &str, target: &str) -> Option<(u64, bool, Planned)> {
        let Fault { what, delay, date_skew, times, chance, skip, .. } = &self.fault;
        if self.fault.action.as_deref().is_some_and(|wanted| wanted != action)
            || self.fault.target.as_deref().is_some_and(|wanted| wanted != target)
        {
            return None;
        }
        self.seen += 1;
        if self.seen <= *skip || chance.is_some_and(|(probability, _)| self.draw.f64() >= probability) {
            return None;
        }
        let hits = self.hits.load(Ordering::Relaxed) + 1;
        if times.is_some_and(|times| hits > times) {
            return None;
        }
        self.hits.store(hits, Ordering::Relaxed);
        let spent = times.is_some_and(|times| hits == times);
        Some((self.id, spent, Planned { what: what.clone(), delay: *delay, date_skew: *date_skew }))
    }
}

/// A fault that was injected. It stays so when this is dropped.
#[derive(Debug, Clone)]
pub struct Injected {
    id: u64,
    hits: Arc<AtomicU64>,
    shared: Arc<Shared>,
}

impl Injected {
    /// How many calls have met it.
    #[must_use]
    pub fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }

    /// No call meets it any more.
    pub fn remove(&self) {
        self.shared.faults().remove(self.id);
    }
}
