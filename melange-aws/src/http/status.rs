//! What SNS is answered. It takes every status from 200 to 499 as delivered, and never sends that letter again; by 5xx, or
//! when nothing comes within 15 seconds, it retries as the subscription's delivery policy says (three times, 20 seconds
//! apart, unless told otherwise), and then gives it to the subscription's dead-letter queue. Source: the SNS developer
//! guide, "Amazon SNS message delivery retries".
//!
//! So 4xx is only for what would never be right. What was lost here, and what could not be done, is 5xx.

use http::StatusCode;
use melange::{Fate, Settle};

use crate::signature::{SignatureError, SignatureErrorKind};

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// Every subscriber is done with it, or nobody listens to it, or a dead-letter queue of ours has it.
    Taken,
    /// It came before, and was done with then.
    Repeated,
    /// The subscription was confirmed, or its end was taken note of.
    Noted,
    NotPost,
    NotALetter,
    TooLarge,
    /// It is not of SNS, not of a topic of ours, or too old.
    Refused,
    /// A subscriber gave it up, or it cannot be read, and no queue of ours has it: SNS's own dead-letter queue is to.
    Rejected,
    /// It may go well the next time.
    Later,
}

impl Answer {
    pub(super) fn of(settle: &Settle) -> Self {
        match settle {
            Settle::Done(Fate::Handled | Fate::Ignored | Fate::DeadLettered) => Self::Taken,
            Settle::Rejected { .. } => Self::Rejected,
            _ => Self::Later,
        }
    }

    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Taken | Self::Repeated | Self::Noted => StatusCode::OK,
            Self::NotPost => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotALetter => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Refused => StatusCode::FORBIDDEN,
            Self::Rejected => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Later => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// For people who try it by hand. Who is refused is not told why: that stands in the log.
    pub(super) fn words(&self) -> &'static str {
        match self {
            Self::Taken => "taken\n",
            Self::Repeated => "taken before\n",
            Self::Noted => "noted\n",
            Self::NotPost => "SNS sends letters by POST\n",
            Self::NotALetter => "not a letter of SNS\n",
            Self::TooLarge => "too large\n",
            Self::Refused => "refused\n",
            Self::Rejected => "given up\n",
            Self::Later => "later\n",
        }
    }
}

impl From<SignatureError> for Answer {
    fn from(error: SignatureError) -> Self {
        let answer = match error.kind() {
            SignatureErrorKind::NotALetter => Self::NotALetter,
            SignatureErrorKind::CertificateUnavailable => Self::Later,
            _ => Self::Refused,
        };
        tracing::warn!(kind = ?error.kind(), status = answer.status().as_u16(), %error, "a letter was not taken");
        answer
    }
}
