//! Why an SNS message fails verification.

use std::fmt;

/// Why an SNS message fails verification. Never quotes it.
#[derive(Debug, Clone)]
pub struct SignatureError {
    kind: SignatureErrorKind,
    what: String,
}

/// What is wrong with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignatureErrorKind {
    /// It is not an SNS message at all, or not written as SNS writes them.
    NotALetter,
    /// It is from a topic that was not allowed.
    Topic,
    /// Its `SignatureVersion` is not accepted.
    Version,
    /// It names a certificate that is not on SNS's host in the region of its topic.
    CertificateUrl,
    /// Its certificate is unavailable at the moment: the message may be valid, and should be tried again.
    CertificateUnavailable,
    /// Its certificate is not one that SNS signs with, or not valid now.
    Certificate,
    /// The signature does not match.
    Signature,
}

impl SignatureError {
    pub(super) fn new(kind: SignatureErrorKind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into() }
    }

    /// What is wrong with it.
    #[must_use]
    pub fn kind(&self) -> SignatureErrorKind {
        self.kind
    }

    /// Whether the same message may pass when it is delivered again.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.kind == SignatureErrorKind::CertificateUnavailable
    }
}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for SignatureError {}
