//! Which messages of a queue are next: by arrival, and in a FIFO queue one receive at a time for each group.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// How a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Visible,
    InFlight,
    Delayed,
}

/// Messages are known by their place, which grows with every arrival.
#[derive(Debug)]
pub(super) enum Line {
    Standard(BTreeSet<u64>),
    Fifo { groups: HashMap<Arc<str>, Group>, heads: BTreeMap<u64, Arc<str>> },
}

#[derive(Debug, Default)]
pub(super) struct Group {
    line: BTreeMap<u64, Standing>,
    in_flight: usize,
    /// The message of it that is among the heads.
    head: Option<u64>,
}

impl Line {
    pub(super) fn new(fifo: bool) -> Self {
        if fifo {
            Self::Fifo { groups: HashMap::new(), heads: BTreeMap::new() }
        } else {
            Self::Standard(BTreeSet::new())
        }
    }

    /// The message at `place` stands like this now; `None` when it is gone.
    pub(super) fn set(&mut self, place: u64, group: Option<&Arc<str>>, standing: Option<Standing>) {
        let (groups, heads) = match self {
            Self::Standard(visible) => {
                if standing == Some(Standing::Visible) {
                    visible.insert(place);
                } else {
                    visible.remove(&place);
                }
                return;
            }
            Self::Fifo { groups, heads } => (groups, heads),
        };
        // Every message of a FIFO queue has a group.
        let Some(name) = group else { return };
        let group = groups.entry(Arc::clone(name)).or_default();
        let before = match standing {
            Some(standing) => group.line.insert(place, standing),
            None => group.line.remove(&place),
        };
        group.in_flight += usize::from(standing == Some(Standing::InFlight));
        group.in_flight -= usize::from(before == Some(Standing::InFlight));
        let first = group.line.first_key_value().filter(|(_, standing)| **standing == Standing::Visible);
        let head = first.filter(|_| group.in_flight == 0).map(|(place, _)| *place);
        if head != group.head {
            if let Some(old) = group.head {
                heads.remove(&old);
            }
            heads.extend(head.map(|head| (head, Arc::clone(name))));
            group.head = head;
        }
        if group.line.is_empty() {
            groups.remove(name);
        }
    }

    /// Up to `max` messages to hand out together: of each group as many as stand one after the other.
    pub(super) fn next(&self, max: usize) -> Vec<u64> {
        match self {
            Self::Standard(visible) => visible.iter().take(max).copied().collect(),
            Self::Fifo { groups, heads } => {
                let mut next = Vec::new();
                for name in heads.values() {
                    let Some(group) = groups.get(name) else { continue };
                    let visible = group.line.iter().take_while(|(_, standing)| **standing == Standing::Visible);
                    next.extend(visible.map(|(place, _)| *place).take(max - next.len()));
                    if next.len() >= max {
                        break;
                    }
                }
                next
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Standard(visible) => visible.is_empty(),
            Self::Fifo { heads, .. } => heads.is_empty(),
        }
    }
}
