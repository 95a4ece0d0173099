//! Errors of a broker, or of the connection to it.

use std::error::Error;
use std::fmt;

use crate::outcome::BoxError;

/// An error of a broker, or of the connection to it.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    what: String,
    source: Option<BoxError>,
    /// Whether the broker may have the message all the same, where the kind alone does not tell.
    uncertain: Option<bool>,
}

/// The kind of failure, which tells whether a retry makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No answer, a broken answer, or a failure of the broker itself: try again later.
    Unavailable,
    /// Too many requests: try again later, at a lower rate.
    Throttled,
    /// Missing permission, or missing or expired credentials.
    Denied,
    /// The topic or queue does not exist.
    NotFound,
    /// This message can never be sent: it is too large, or has characters that are refused.
    InvalidMessage,
    /// The message is no longer in flight: its visibility timeout ended, or it was settled.
    LeaseLost,
    /// What exists differs from what is needed.
    Drifted,
    /// The configuration is wrong: a region, an address, a name.
    Configuration,
}

impl TransportError {
    /// A failure of this kind; `what` tells which call failed on which resource, and what to do.
    #[must_use]
    pub fn new(kind: TransportErrorKind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into(), source: None, uncertain: None }
    }

    /// Sets the underlying error.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Marks that the message was certainly not accepted: it was never sent, or the broker said so.
    #[must_use]
    pub fn certain(mut self) -> Self {
        self.uncertain = Some(false);
        self
    }

    /// Marks that the message may have been accepted nevertheless, in an earlier attempt whose answer was lost.
    #[must_use]
    pub fn uncertain(mut self) -> Self {
        self.uncertain = Some(true);
        self
    }

    /// What it came from, in words, for logs.
    pub(crate) fn source_text(&self) -> String {
        let mut text = String::new();
        let mut next = self.source();
        while let Some(error) = next {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&error.to_string());
            next = error.source();
        }
        text
    }

    pub(crate) fn no_answer() -> Self {
        Self::new(TransportErrorKind::Unavailable, "the transport did not answer for every message")
    }

    /// What kind of failure it was.
    #[must_use]
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// Whether the broker may have done it nevertheless. Unless marked, it may have if there was no answer, and has not
    /// if there was one.
    #[must_use]
    pub fn is_uncertain(&self) -> bool {
        self.uncertain.unwrap_or(self.kind == TransportErrorKind::Unavailable)
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self.kind, TransportErrorKind::Unavailable | TransportErrorKind::Throttled)
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl Error for TransportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}
