//! Why a letter is not taken for one of SNS.

use std::fmt;

/// Why a letter is not taken for one of SNS. Never quotes it.
#[derive(Debug, Clone)]
pub struct SignatureError {
    kind: SignatureErrorKind,
    what: String,
}

/// What is wrong with a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignatureErrorKind {
    /// It is not a letter of SNS at all, or not written as SNS writes them.
    NotALetter,
    /// It is of a topic that was not allowed.
    Topic,
    /// Its `SignatureVersion` is not taken.
    Version,
    /// It names a certificate that is not at SNS in the region of its topic.
    CertificateUrl,
    /// Its certificate could not be had just now: the letter may be right, and is to be tried again.
    CertificateUnavailable,
    /// Its certificate is not one that SNS signs with, or not valid now.
    Certificate,
    /// It is not what was signed.
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

    /// Whether the same letter may be right when it comes again.
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
