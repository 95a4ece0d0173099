//! What settles a message in hand.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::transport::Receipt;

/// One lease of one message. No two leases in the process are the same, so the receipt of another account or queue fits
/// nothing here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lease(u64);

impl Lease {
    pub(super) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// What is in the [`Receipt`]s of this transport.
#[derive(Debug, Clone, Copy)]
pub(super) struct MemoryReceipt {
    /// Which message, by its place in the account.
    pub(super) place: u64,
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
        Self::new(receipt)
    }
}
