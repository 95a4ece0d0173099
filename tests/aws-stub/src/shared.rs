//! What the server and the handles to it share.

use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::account::Account;
use crate::clock::Clock;
use crate::fault::Faults;
use crate::ledger::Ledger;

/// What the server and the handles to it share. No lock is held across an await.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) address: SocketAddr,
    pub(crate) clock: Clock,
    /// Told at every call that comes or is answered.
    pub(crate) changed: Notify,
    account: Mutex<Account>,
    ledger: Mutex<Ledger>,
    faults: Mutex<Faults>,
}

impl Shared {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self {
            address,
            clock: Clock::new(),
            changed: Notify::new(),
            account: Mutex::default(),
            ledger: Mutex::default(),
            faults: Mutex::default(),
        }
    }

    pub(crate) fn account(&self) -> MutexGuard<'_, Account> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }
}
