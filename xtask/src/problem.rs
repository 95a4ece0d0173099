//! What went wrong, and what the person at the keyboard can do about it.

use std::fmt;

/// The result of a task or of one of its steps.
pub(crate) type Result<T> = std::result::Result<T, Problem>;

/// A failure told in two parts: what happened, and what to do.
#[derive(Debug)]
pub(crate) struct Problem {
    what: String,
    mend: String,
}

impl Problem {
    pub(crate) fn new(what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { what: what.into(), mend: mend.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}\n  -> {}", self.what, self.mend)
    }
}
