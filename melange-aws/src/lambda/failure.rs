//! Why an invocation failed as a whole.

use std::error::Error;
use std::fmt;

use lambda_runtime::Diagnostic;
use melange::transport::TransportError;

/// Why an invocation failed as a whole, so that Lambda retries all of it. Never quotes the payload.
#[derive(Debug)]
pub struct InvocationError(Why);

#[derive(Debug)]
enum Why {
    NotSqs { hint: &'static str },
    NotSns { hint: &'static str },
    Nameless { failed: usize, of: usize },
    Failed { failed: usize, of: usize, first: String },
    Consuming(TransportError),
}

/// What kind of failure it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvocationErrorKind {
    /// The payload is not what the function was made for.
    Payload,
    /// Records without an id failed, so that only the whole batch can be reported as failed.
    Nameless,
    /// SNS records failed.
    Failed,
    /// The queue could not be reached.
    Consuming,
}

impl InvocationError {
    pub(super) fn not_sqs(hint: &'static str) -> Self {
        Self(Why::NotSqs { hint })
    }
    pub(super) fn not_sns(hint: &'static str) -> Self {
        Self(Why::NotSns { hint })
    }
    pub(super) fn nameless(failed: usize, of: usize) -> Self {
        Self(Why::Nameless { failed, of })
    }
    pub(super) fn failed(failed: usize, of: usize, first: String) -> Self {
        Self(Why::Failed { failed, of, first })
    }
    pub(super) fn consuming(error: TransportError) -> Self {
        Self(Why::Consuming(error))
    }

    /// What kind of failure it was.
    #[must_use]
    pub fn kind(&self) -> InvocationErrorKind {
        match self.0 {
            Why::NotSqs { .. } | Why::NotSns { .. } => InvocationErrorKind::Payload,
            Why::Nameless { .. } => InvocationErrorKind::Nameless,
            Why::Failed { .. } => InvocationErrorKind::Failed,
            Why::Consuming(_) => InvocationErrorKind::Consuming,
        }
    }
}

impl fmt::Display for InvocationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Why::NotSqs { hint } => write!(
                f,
                "the payload is not what SQS hands to Lambda: no `Records`, nor a list of them, with a `body` in each{hint}"
            ),
            Why::NotSns { hint } => {
                write!(f, "the payload is not what SNS hands to Lambda: no `Records` with an `Sns` in each{hint}")
            }
            Why::Nameless { failed, of } => write!(
                f,
                "{failed} of {of} records failed and have no `messageId` to report them by: all of them come again"
            ),
            Why::Failed { failed, of, first } => {
                write!(f, "{failed} of {of} records failed, and are to come again: {first}")
            }
            Why::Consuming(_) => f.write_str("the queue could not be asked for messages"),
        }
    }
}

impl Error for InvocationError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Why::Consuming(error) => Some(error),
            _ => None,
        }
    }
}

impl From<InvocationError> for Diagnostic {
    fn from(error: InvocationError) -> Self {
        let error_type = match error.kind() {
            InvocationErrorKind::Payload => "Melange.Payload",
            InvocationErrorKind::Nameless => "Melange.RecordsWithoutId",
            InvocationErrorKind::Failed => "Melange.RecordsFailed",
            InvocationErrorKind::Consuming => "Melange.Consuming",
        };
        let source = error.source().map(|source| format!(": {source}")).unwrap_or_default();
        Self { error_type: error_type.to_owned(), error_message: format!("{error}{source}") }
    }
}
