//! Why a Lambda payload is not an event.

use std::error::Error;
use std::fmt;

use melange::transport::Undecodable;
use melange::{DeserializeError, DeserializeErrorKind};

/// Why a Lambda payload is not an event. Never quotes it.
#[derive(Debug)]
pub struct ParseError(Why);

#[derive(Debug)]
enum Why {
    NotSns,
    NotSqs,
    NoRecords,
    Wrapper(Undecodable),
    Event(DeserializeError),
    SetUp(String),
}

/// What kind of failure it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// It is not an SNS event for Lambda, or has no records.
    NotSns,
    /// It is not an SQS event for Lambda.
    NotSqs,
    /// No event has this name: it may be somebody else's, on a shared topic.
    UnknownName,
    /// The event is known, but not in this version.
    UnknownVersion,
    /// It does not fit its event, or has no name.
    Invalid,
    /// The linked events contradict each other.
    SetUp,
}

impl ParseError {
    pub(super) fn not_sns() -> Self {
        Self(Why::NotSns)
    }
    pub(super) fn not_sqs() -> Self {
        Self(Why::NotSqs)
    }
    pub(super) fn no_records() -> Self {
        Self(Why::NoRecords)
    }
    pub(super) fn wrapper(why: Undecodable) -> Self {
        Self(Why::Wrapper(why))
    }
    pub(super) fn event(why: DeserializeError) -> Self {
        Self(Why::Event(why))
    }
    pub(super) fn set_up(errors: &str) -> Self {
        Self(Why::SetUp(errors.to_owned()))
    }

    /// What kind of failure it was.
    #[must_use]
    pub fn kind(&self) -> ParseErrorKind {
        match &self.0 {
            Why::NotSns | Why::NoRecords => ParseErrorKind::NotSns,
            Why::NotSqs => ParseErrorKind::NotSqs,
            Why::Wrapper(_) => ParseErrorKind::Invalid,
            Why::Event(error) => match error.kind() {
                DeserializeErrorKind::UnknownName => ParseErrorKind::UnknownName,
                DeserializeErrorKind::UnknownVersion => ParseErrorKind::UnknownVersion,
                _ => ParseErrorKind::Invalid,
            },
            Why::SetUp(_) => ParseErrorKind::SetUp,
        }
    }

    /// Whether it may be somebody else's event, which a function on a shared topic can ignore.
    #[must_use]
    pub fn is_unknown_event(&self) -> bool {
        self.kind() == ParseErrorKind::UnknownName
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Why::NotSns => {
                f.write_str("the payload is not what SNS hands to Lambda: no `Records` with an `Sns` in each")
            }
            Why::NotSqs => f.write_str(
                "the payload is not what SQS hands to Lambda: no `Records`, nor a list of them, with a `body` in each",
            ),
            Why::NoRecords => f.write_str("the payload holds no record"),
            Why::Wrapper(why) => write!(f, "the record cannot be read: {why}"),
            Why::Event(_) => f.write_str("the record holds no event of this program"),
            Why::SetUp(errors) => write!(f, "the linked events contradict each other: {errors}"),
        }
    }
}

impl Error for ParseError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Why::Event(error) => Some(error),
            _ => None,
        }
    }
}
