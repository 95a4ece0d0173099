//! What a look at one part showed.

use melange::transport::{TransportError, TransportErrorKind};
use tokio::time::Instant;

use super::change::{Action, Change, ChangeKind, Finding, Value};

/// What a look at one part showed.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) changes: Vec<Change>,
    pub(super) findings: Vec<Finding>,
    pub(super) notes: Vec<String>,
    /// What is someone else's, and stays.
    pub(super) left: Vec<String>,
    /// It could not be looked at.
    pub(super) hidden: bool,
    /// It waits for someone to confirm it.
    pub(super) pending: bool,
    /// When it was begun.
    pub(super) at: Instant,
}

impl Seen {
    pub(super) fn begin() -> Self {
        Self {
            changes: Vec::new(),
            findings: Vec::new(),
            notes: Vec::new(),
            left: Vec::new(),
            hidden: false,
            pending: false,
            at: Instant::now(),
        }
    }

    pub(super) fn with(mut self, change: Change) -> Self {
        self.changes.push(change);
        self
    }

    pub(super) fn noting(mut self, note: String) -> Self {
        self.notes.push(note);
        self
    }
}

impl Change {
    /// It is not there.
    pub(super) fn create(resource: String, what: String, values: Vec<Value>, command: String, action: Action) -> Self {
        Self { kind: ChangeKind::Create, resource, what, values, command: Some(command), action }
    }

    /// It is there, and differs.
    pub(super) fn update(resource: String, what: String, values: Vec<Value>, command: String, action: Action) -> Self {
        Self { kind: ChangeKind::Update, resource, what, values, command: Some(command), action }
    }

    /// Only a person can mend it.
    pub(super) fn by_hand(resource: String, what: String) -> Self {
        Self { kind: ChangeKind::ByHand, resource, what, values: Vec::new(), command: None, action: Action::None }
    }
}

impl Value {
    pub(super) fn new(name: impl Into<String>, now: Option<&str>, wanted: impl Into<String>) -> Self {
        Self { name: name.into(), now: now.map(str::to_owned), wanted: wanted.into() }
    }
}

/// What is there, or that nothing is.
pub(super) fn present<T>(answer: Result<T, TransportError>) -> Result<Option<T>, TransportError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == TransportErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
