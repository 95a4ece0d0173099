//! What a broker, or the way to it, had to say.

use std::error::Error;
use std::fmt;

use crate::outcome::BoxError;

/// What a broker, or the way to it, had to say.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    what: String,
    source: Option<BoxError>,
    /// Whether the broker may have the message all the same, where the kind alone does not tell.
    uncertain: Option<bool>,
}

/// What kind of failure it was, and so whether trying again makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No answer, a broken answer, or the broker's own failure: again later.
    Unavailable,
    /// Too many requests: again later, slower.
    Throttled,
    /// Not allowed, or credentials that are missing or expired.
    Denied,
    /// The topic or queue does not exist.
    NotFound,
    /// This message can never be sent: too large, or with characters that are refused.
    InvalidMessage,
    /// The message is no longer in hand: its time was over, or someone has settled it.
    LeaseLost,
    /// What is there differs from what is wanted.
    Drifted,
    /// The set-up is wrong: a region, an address, a name.
    Configuration,
}

impl TransportError {
    /// A failure of this kind; `what` says which call on what, and what to do.
    #[must_use]
    pub fn new(kind: TransportErrorKind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into(), source: None, uncertain: None }
    }

    /// With the error it came from.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The message was surely not taken: it was never sent, or the broker said so.
    #[must_use]
    pub fn certain(mut self) -> Self {
        self.uncertain = Some(false);
        self
    }

    /// The message may have been taken all the same, by an earlier try whose answer was lost.
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

    /// Whether the broker may have done it all the same. Unless said otherwise, it may have when there was no answer, and
    /// has not when there was one.
    #[must_use]
    pub fn is_uncertain(&self) -> bool {
        self.uncertain.unwrap_or(self.kind == TransportErrorKind::Unavailable)
    }

    /// Whether the same call may succeed later by itself.
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
