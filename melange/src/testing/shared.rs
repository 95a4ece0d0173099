//! What all buses and transports of one test account share.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::fault::{Crash, Fault, Moment, Plan, What};
use super::journal::Journal;
use super::life::Life;
use super::names::Names;
use crate::transport::MemoryTransport;

/// How long running until idle may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Most attempts.
    pub(super) attempts: usize,
    /// Longest time on the clock.
    pub(super) time: Duration,
    /// Longest run of a subscriber without a timeout.
    pub(super) run: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let hours = |hours: u64| Duration::from_secs(hours * 60 * 60);
        // No queue keeps a message for longer than 14 days.
        Self { attempts: 10_000, time: hours(14 * 24), run: hours(2) }
    }
}

/// What all buses and transports of one test account share.
pub(super) struct Shared {
    pub(super) memory: MemoryTransport,
    pub(super) journal: Arc<Journal>,
    pub(super) limits: Limits,
    plan: Mutex<Plan>,
    /// A fault was added.
    pub(super) armed: Notify,
    services: Mutex<Vec<Service>>,
    names: Mutex<Names>,
}

/// A bus in the account, dead or alive.
#[derive(Clone)]
pub(super) struct Service {
    pub(super) life: Arc<Life>,
    pub(super) queues: Vec<String>,
}

impl Shared {
    pub(super) fn new(memory: MemoryTransport, limits: Limits) -> Arc<Self> {
        Arc::new(Self {
            memory,
            journal: Arc::new(Journal::new()),
            limits,
            plan: Mutex::default(),
            armed: Notify::new(),
            services: Mutex::default(),
            names: Mutex::default(),
        })
    }

    /// # Errors
    /// In words, if the fault can never happen.
    pub(super) fn inject(&self, fault: Fault) -> Result<(), String> {
        let names = self.names();
        // Before the first bus nobody can be known: it is asked again then.
        let why = fault.in_vain(Some(&*names).filter(|names| !names.is_empty()), &self.memory);
        drop(names);
        why.map_or(Ok(()), Err)?;
        self.plan().add(fault);
        self.armed.notify_waiters();
        Ok(())
    }

    /// The first of the faults to come that can never happen, and why.
    pub(super) fn fault_in_vain(&self) -> Option<String> {
        let (plan, names) = (self.plan(), self.names());
        plan.to_come().find_map(|fault| fault.in_vain(Some(&names), &self.memory))
    }

    pub(super) fn faults_left(&self) -> Vec<String> {
        self.plan().left()
    }

    /// Whether this goes wrong now.
    pub(super) fn goes_wrong(&self, what: What, moment: &Moment<'_>) -> bool {
        let goes_wrong = self.plan().take(what, moment);
        if goes_wrong && !matches!(what, What::Crash(_)) {
            let words = match what {
                What::FailReceive => "failed the receive",
                What::LoseReceived => "lost the delivery",
                What::FailPublish => "failed the publish",
                What::LosePublishAnswer => "lost the answer to the publish",
                What::FailAck => "failed the ack",
                What::LoseAck => "lost the ack",
                What::DeliverTwice => "a second delivery",
                What::FailDeadLetter => "failed the dead letter",
                What::Crash(_) => "a crash",
            };
            self.journal.note(format!("fault: {words}{}", moment.words()));
        }
        goes_wrong
    }

    /// Whether `life` ends here.
    pub(super) fn crashes(&self, life: &Life, at: Crash, moment: &Moment<'_>) -> bool {
        let crashes = self.goes_wrong(What::Crash(at), moment);
        if crashes {
            life.die(format!("{at}{}", moment.words()));
        }
        crashes
    }

    pub(super) fn add(&self, service: Service) {
        self.services().push(service);
    }

    pub(super) fn remove(&self, life: &Arc<Life>) {
        self.services().retain(|service| !Arc::ptr_eq(&service.life, life));
    }

    /// All queues that buses in the account consume from, dead or alive.
    pub(super) fn queues(&self) -> BTreeSet<String> {
        self.services().iter().flat_map(|service| service.queues.iter().cloned()).collect()
    }

    pub(super) fn all(&self) -> Vec<Service> {
        self.services().clone()
    }

    /// Who listens, and where.
    pub(super) fn names(&self) -> MutexGuard<'_, Names> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn services(&self) -> MutexGuard<'_, Vec<Service>> {
        self.services.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
