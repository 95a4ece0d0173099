//! Why a contract is not kept, or cannot be looked at.

use std::fmt;
use std::path::{Path, PathBuf};

use super::{BLESS, Changes};
use crate::{BuildErrors, EventDescriptor};

/// Why a contract is broken, or cannot be checked.
#[derive(Clone)]
pub struct ContractError {
    kind: ContractErrorKind,
    path: PathBuf,
    changes: Changes,
    why: String,
}

/// The kind of a contract error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ContractErrorKind {
    /// An event has changed incompatibly.
    Incompatible,
    /// Something has changed compatibly, and the file must not be written here.
    NotRecorded,
    /// There is no such file.
    Missing,
    /// The file exists but is not a contract.
    Unreadable,
    /// The file could not be written.
    Unwritable,
    /// An event cannot read what it writes, or loses a value of it.
    OneWay,
    /// The events contradict each other.
    Registry,
    /// A release build, without the feature `contract`.
    Untraced,
}

impl ContractError {
    fn new(kind: ContractErrorKind, path: &Path, why: impl Into<String>) -> Self {
        Self { kind, path: path.to_owned(), changes: Changes::default(), why: why.into() }
    }

    pub(super) fn incompatible(path: &Path, changes: Changes) -> Self {
        Self { changes, ..Self::new(ContractErrorKind::Incompatible, path, "") }
    }

    pub(super) fn not_recorded(path: &Path, changes: Changes) -> Self {
        Self { changes, ..Self::new(ContractErrorKind::NotRecorded, path, "") }
    }

    pub(super) fn missing(path: &Path) -> Self {
        Self::new(ContractErrorKind::Missing, path, "")
    }

    pub(super) fn unreadable(path: &Path, why: impl fmt::Display) -> Self {
        Self::new(ContractErrorKind::Unreadable, path, why.to_string())
    }

    pub(super) fn unwritable(path: &Path, why: impl fmt::Display) -> Self {
        Self::new(ContractErrorKind::Unwritable, path, why.to_string())
    }

    pub(super) fn one_way(path: &Path, found: &[(&EventDescriptor, String)]) -> Self {
        let line = |(event, why): &(&EventDescriptor, String)| format!("  {}: {event}: {why}\n", event.location());
        Self::new(ContractErrorKind::OneWay, path, found.iter().map(line).collect::<String>())
    }

    #[allow(clippy::needless_pass_by_value, reason = "for `map_err`")]
    pub(super) fn registry(errors: BuildErrors) -> Self {
        Self::new(ContractErrorKind::Registry, Path::new(""), errors.to_string())
    }

    #[cfg_attr(any(debug_assertions, feature = "contract"), allow(dead_code, reason = "in release builds"))]
    pub(super) fn untraced() -> Self {
        Self::new(ContractErrorKind::Untraced, Path::new(""), "")
    }

    /// The kind of a contract error.
    #[must_use]
    pub fn kind(&self) -> ContractErrorKind {
        self.kind
    }

    /// What has changed, including compatible changes.
    #[must_use]
    pub fn changes(&self) -> &Changes {
        &self.changes
    }
}

impl fmt::Display for ContractError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, changes, why, .. } = self;
        let path = path.display();
        match self.kind {
            ContractErrorKind::Incompatible => {
                write!(
                    f,
                    "events are no longer what {path} says: others, and messages that are under way, cannot be read any more\n\
                     {changes}\n\
                     If nobody reads such an event yet, record what is: {BLESS}=1 cargo test"
                )
            }
            ContractErrorKind::NotRecorded => write!(
                f,
                "{path} lacks compatible changes, and nothing is written where `CI` is set\n{changes}\n\
                 Run the test where it is not, and commit the file"
            ),
            ContractErrorKind::Missing => {
                write!(f, "there is no contract {path} yet: write it with {BLESS}=1 cargo test, and commit it")
            }
            ContractErrorKind::Unreadable => write!(
                f,
                "the contract {path} cannot be read: {why}. Take it back from your version control, or write it anew with {BLESS}=1 \
                 cargo test"
            ),
            ContractErrorKind::Unwritable => write!(f, "the contract {path} cannot be written: {why}"),
            ContractErrorKind::OneWay => write!(
                f,
                "events are not read as they are written: some type in them writes what it does not read\n{why}\
                 Look there for `#[serde(rename(serialize = \"..\"))]` or `rename_all(serialize = \"..\")` without the same for reading \
                 or an `alias`, for `skip_serializing` without `default`, and for what is written or read by hand"
            ),
            ContractErrorKind::Registry => write!(f, "there is no contract of events that contradict each other: {why}"),
            ContractErrorKind::Untraced => f.write_str(
                "a release build does not hold what events are like on the wire: test without `--release`, or put the feature \
                 `contract` of melange into `[dev-dependencies]`",
            ),
        }
    }
}

impl fmt::Debug for ContractError {
    /// As `Display`: this is what a test that returns the error prints.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for ContractError {}
