//! What AWS said, as far as it may be repeated.

use std::error::Error;
use std::fmt;

/// What AWS, or the way to it, said: the source of a [`TransportError`](melange::transport::TransportError).
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    pub(super) status: Option<u16>,
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
    pub(super) request_id: Option<String>,
}

impl Answer {
    /// Not AWS itself, but what is between.
    pub(super) fn said(message: impl Into<String>) -> Self {
        Self { message: Some(message.into()), ..Self::default() }
    }

    /// What an entry of a batch was answered, as far as it may be repeated.
    pub(crate) fn of_entry(code: &str) -> Self {
        Self { code: Some(code.to_owned()), ..Self::default() }
    }

    pub(crate) fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// What is between said, where AWS itself has not answered.
    pub(super) fn unanswered(&self) -> Option<&str> {
        self.message.as_deref().filter(|_| self.status.is_none())
    }

    pub(super) fn status(&self) -> Option<u16> {
        self.status
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.code, &self.message) {
            (Some(code), Some(message)) => write!(f, "{code}: {message}")?,
            (Some(one), None) | (None, Some(one)) => f.write_str(one)?,
            (None, None) => f.write_str("an answer that cannot be read")?,
        }
        match (self.status, &self.request_id) {
            (Some(status), Some(id)) => write!(f, " (HTTP {status}, request {id})"),
            (Some(status), None) => write!(f, " (HTTP {status})"),
            (None, _) => Ok(()),
        }
    }
}

impl Error for Answer {}
