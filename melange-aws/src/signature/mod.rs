//! SNS signatures: whether a message is from SNS, and from one of your topics.
//!
//! `SnsEndpoint` of the feature `http` and [`AwsQueue::verify_signatures`](crate::AwsQueue::verify_signatures) do this
//! by themselves. [`SnsSignatures::verify`] is for messages that are received in another way.
//!
//! ```no_run
//! # async fn example(body: &[u8]) -> Result<(), melange_aws::signature::SignatureError> {
//! use melange_aws::signature::SnsSignatures;
//!
//! let signatures = SnsSignatures::new().allow_topic("arn:aws:sns:eu-west-1:123456789012:orders");
//! let letter = signatures.verify(body).await?;
//! println!("{} of {}", letter.kind(), letter.topic_arn());
//! # Ok(())
//! # }
//! ```

mod certificate;
mod error;
mod signed;
mod topics;
mod verified;
mod version;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use aws_smithy_types::base64;

pub use crate::envelope::LetterKind;
pub use certificate::{Certificates, FetchCertificate};
pub use error::{SignatureError, SignatureErrorKind};
pub use verified::VerifiedLetter;

use crate::envelope::Letter;
use SignatureErrorKind as Kind;
use certificate::Problem;
use topics::Topics;
use version::Version;

/// Which SNS messages are accepted: from which topics, and signed with which certificates.
///
/// No message is accepted unless its topic was given to [`allow_topic`](Self::allow_topic): anyone can have SNS sign
/// messages, in a topic of their own. The signature covers the message body, its id, subject, time and topic. **It does
/// not cover message attributes and headers.**
#[derive(Clone)]
pub struct SnsSignatures {
    topics: Topics,
    version_1: bool,
    certificates: Certificates,
    clock: Clock,
}

/// What time it is.
type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

impl SnsSignatures {
    /// No topics yet, signatures of version 2 alone, certificates from SNS.
    #[must_use]
    pub fn new() -> Self {
        Self {
            topics: Topics::default(),
            version_1: false,
            certificates: Certificates::of_sns(),
            clock: Arc::new(SystemTime::now),
        }
    }

    /// Also accepts messages of the topic with exactly this ARN.
    #[must_use]
    pub fn allow_topic(mut self, arn: impl AsRef<str>) -> Self {
        self.topics.allow(arn.as_ref());
        self
    }

    /// Also accepts signatures of version 1, with SHA-1, which topics use by default. It is better to change the topic:
    /// `aws sns set-topic-attributes --topic-arn .. --attribute-name SignatureVersion --attribute-value 2`.
    #[must_use]
    pub fn allow_signature_version_1(mut self) -> Self {
        tracing::warn!(
            "signatures of SNS by SHA-1 are taken; set the attribute SignatureVersion of the topic to 2, and allow them no longer"
        );
        self.version_1 = true;
        self
    }

    /// Where certificates come from: from SNS by default.
    #[must_use]
    pub fn certificates(mut self, certificates: Certificates) -> Self {
        self.certificates = certificates;
        self
    }

    /// The clock that decides whether certificates are valid: the system's by default. For tests.
    #[must_use]
    pub fn clock(mut self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(now);
        self
    }

    /// Verifies that `body` is an SNS message from an allowed topic, and returns it. Its age, and whether it was
    /// received before, are for the caller to check.
    ///
    /// # Errors
    /// If it is not. [`SignatureError::is_retryable`] tells whether it may pass later.
    pub async fn verify(&self, body: &[u8]) -> Result<VerifiedLetter, SignatureError> {
        let letter = Letter::read(body).map_err(|why| SignatureError::new(Kind::NotALetter, why.to_string()))?;
        self.verify_letter(letter, |_| Ok(())).await
    }

    /// The same of a letter that was read; `first` may refuse it before anything is fetched for it.
    pub(crate) async fn verify_letter<E: From<SignatureError>>(
        &self,
        letter: Letter,
        first: impl FnOnce(&Letter) -> Result<(), E>,
    ) -> Result<VerifiedLetter, E> {
        let no = |kind, what: &str| SignatureError::new(kind, what);
        let topic = self.topics.find(&letter.topic_arn).ok_or_else(|| {
            let what = if self.topics.is_empty() {
                "no topic is allowed: say which by `.allow_topic(\"arn:aws:sns:...\")`"
            } else {
                "it is of a topic that is not allowed; if it is one of yours, add `.allow_topic(..)` with its exact ARN"
            };
            no(Kind::Topic, what)
        })?;
        let version = match Version::of(&letter.signature_version) {
            Some(Version::One) if !self.version_1 => {
                let what = "its signature is of version 1, by SHA-1; set the topic's attribute SignatureVersion to 2, or say \
                            `.allow_signature_version_1()`";
                return Err(no(Kind::Version, what).into());
            }
            Some(version) => version,
            None => return Err(no(Kind::Version, "its signature is of a version that is not known").into()),
        };
        let signature =
            base64::decode(&letter.signature).map_err(|_| no(Kind::Signature, "its signature is not base64"))?;
        let several = "a field of it that has one line has several, so that its signature is of other letters, too";
        let signed = signed::signed(&letter).ok_or_else(|| no(Kind::Signature, several))?;
        first(&letter)?;
        let certificate = self.certificates.get(&letter.certificate_url, topic, (self.clock)()).await;
        let certificate = certificate.map_err(|problem| match problem {
            Problem::Elsewhere => no(Kind::CertificateUrl, "its certificate is not at SNS in the region of its topic"),
            Problem::Unavailable(why) => {
                SignatureError::new(Kind::CertificateUnavailable, format!("its certificate could not be had: {why}"))
            }
            Problem::Unfit(why) => {
                SignatureError::new(Kind::Certificate, format!("its certificate is none to verify with: {why}"))
            }
        })?;
        if !version.verifies(certificate.key(), &signed, &signature) {
            return Err(no(Kind::Signature, "its signature is not of what it holds").into());
        }
        Ok(VerifiedLetter::new(letter))
    }

    pub(crate) fn takes_version_1(&self) -> bool {
        self.version_1
    }

    #[cfg(feature = "http")]
    pub(crate) fn is_allowed(&self, arn: &str) -> bool {
        self.topics.find(arn).is_some()
    }

    #[cfg(feature = "http")]
    pub(crate) fn allows_nothing(&self) -> bool {
        self.topics.is_empty()
    }

    #[cfg(feature = "http")]
    pub(crate) fn now(&self) -> SystemTime {
        (self.clock)()
    }
}

impl Default for SnsSignatures {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for SnsSignatures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SnsSignatures")
            .field("topics", &self.topics.arns().collect::<Vec<_>>())
            .field("version_1", &self.version_1)
            .field("certificates", &self.certificates)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod properties;
