//! What settles a message in hand.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

use super::line::Spot;
use crate::EventId;
use crate::transport::Receipt;

/// A number that nothing else in the process has.
pub(super) fn unique() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A message's id, which no other message of the process has, nor of another one.
pub(super) fn new_id() -> EventId {
    static FIRST: LazyLock<Uuid> = LazyLock::new(Uuid::now_v7);
    /// All of a UUID but its time, version and variant.
    const COUNTED: u64 = u64::MAX >> 2;
    let (high, low) = FIRST.as_u64_pair();
    let counted = low.wrapping_add(unique()) & COUNTED;
    EventId::of_uuid(Uuid::from_u64_pair(high, low & !COUNTED | counted))
}

/// One lease of one message. No two leases in the process are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lease(u64);

impl Lease {
    pub(super) fn new() -> Self {
        Self(unique())
    }
}

/// What is in the [`Receipt`]s of this transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::transport) struct MemoryReceipt {
    /// Of which queue: those of other accounts, or of one of the same name that was deleted, have other numbers.
    pub(super) queue: u64,
    /// Which message, by its place in the account, and where it lies.
    pub(super) spot: Spot,
    pub(super) lease: Lease,
}

impl MemoryReceipt {
    /// What is in `receipt`, unless it is another transport's.
    pub(super) fn of(receipt: &Receipt) -> Option<Self> {
        receipt.get().copied()
    }
}

impl From<MemoryReceipt> for Receipt {
    fn from(receipt: MemoryReceipt) -> Self {
        Self::in_memory(receipt)
    }
}
