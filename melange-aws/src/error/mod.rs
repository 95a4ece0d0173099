//! What AWS answers, as what it means: by both spellings of every code, and never quoting payloads or receipts.

mod answer;
mod codes;
mod fix;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use melange::transport::{TransportError, TransportErrorKind as Kind};

pub(crate) use answer::Answer;
pub(crate) use codes::kind_of_code;

use crate::client::Call;

/// Some of AWS's codes that steps of ours look for.
pub(crate) fn is_code(error: &TransportError, codes: &[&str]) -> bool {
    let mut next = std::error::Error::source(error);
    while let Some(source) = next {
        if let Some(answer) = source.downcast_ref::<Answer>() {
            return answer.code().is_some_and(|code| codes.contains(&codes::short(code)));
        }
        next = source.source();
    }
    false
}

/// The same error once more: a call failed for every message in it.
pub(crate) fn again(error: &TransportError) -> TransportError {
    reworded(error, error.to_string())
}

/// The same error in other words.
pub(crate) fn reworded(error: &TransportError, what: String) -> TransportError {
    let copy = TransportError::new(error.kind(), what);
    let copy = if error.is_uncertain() { copy.uncertain() } else { copy.certain() };
    match std::error::Error::source(error).and_then(|source| source.downcast_ref::<Answer>()) {
        Some(answer) => copy.with_source(answer.clone()),
        None => copy,
    }
}

/// What a call that failed means.
pub(crate) fn from_sdk<E>(call: &Call, error: SdkError<E, HttpResponse>) -> TransportError
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    match error {
        SdkError::ServiceError(context) => {
            let status = context.raw().status().as_u16();
            let request_id = context.raw().headers().get("x-amzn-requestid").map(str::to_owned);
            let meta = context.err().meta();
            let mut kind = meta.code().map_or_else(
                || by_status(status),
                |code| kind_of_code(code, call).unwrap_or_else(|| by_status_of(status, call)),
            );
            // What is wrong with a message may be said by quoting it.
            let mut quotes = call.carries_content() && !matches!(kind, Kind::Denied | Kind::NotFound);
            if kind == Kind::InvalidMessage && meta.message().is_some_and(is_about_the_topic) {
                (kind, quotes) = (Kind::Configuration, false);
            }
            let answer = Answer {
                status: Some(status),
                code: meta.code().map(str::to_owned),
                message: meta.message().filter(|_| !quotes).map(str::to_owned),
                request_id: request_id.or_else(|| meta.extra("aws_request_id").map(str::to_owned)),
            };
            explain(call, kind, answer)
        }
        // The answer itself may hold payloads, and so may what its parser says.
        SdkError::ResponseError(context) => {
            let status = Some(context.raw().status().as_u16());
            explain(call, Kind::Unavailable, Answer { status, ..Answer::default() })
        }
        SdkError::TimeoutError(_) => explain(call, Kind::Unavailable, Answer::said("no answer within the timeout")),
        SdkError::DispatchFailure(failure) => {
            let (passes, user) = (failure.is_io() || failure.is_timeout(), failure.is_user());
            let error = SdkError::<E, HttpResponse>::DispatchFailure(failure);
            let what = chain(&error);
            let kind = match credentials_error(&error) {
                Some(CredentialsError::ProviderTimedOut(_)) => Kind::Unavailable,
                Some(_) => Kind::Denied,
                None if passes => Kind::Unavailable,
                None if user => Kind::Configuration,
                None => of_setup(&what),
            };
            explain(call, kind, Answer::said(what))
        }
        other => {
            let kind = if credentials_error(&other).is_some() { Kind::Denied } else { Kind::Configuration };
            explain(call, kind, Answer::said(chain(&other)))
        }
    }
}

/// What never left the machine: the SDK says why in words only. What is not known may be a connection that broke.
fn of_setup(what: &str) -> Kind {
    if what.contains("identity resolver") {
        Kind::Denied
    } else if what.contains("region") || what.contains("endpoint") {
        Kind::Configuration
    } else {
        Kind::Unavailable
    }
}

/// Whether SNS's words are about the topic's ARN, which is wrong for every message: of another region, say.
fn is_about_the_topic(message: &str) -> bool {
    message.starts_with("Invalid parameter: TopicArn")
}

/// An answer without a code is not one of AWS: a proxy's page, a load balancer's, another server.
fn by_status(status: u16) -> Kind {
    match status {
        401 | 403 => Kind::Denied,
        429 => Kind::Throttled,
        _ => Kind::Unavailable,
    }
}

/// A code that is not known, by its status.
fn by_status_of(status: u16, call: &Call) -> Kind {
    match status {
        401 | 403 => Kind::Denied,
        429 => Kind::Throttled,
        400..500 if call.carries_message() => Kind::InvalidMessage,
        400..500 => Kind::Configuration,
        _ => Kind::Unavailable,
    }
}

fn explain(call: &Call, kind: Kind, answer: Answer) -> TransportError {
    let fix = fix::fix(call, kind, &answer);
    TransportError::new(kind, format!("{call}: {answer}{fix}")).with_source(answer)
}

fn credentials_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a CredentialsError> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// What the error and its causes say, in one line: of connections and credentials, which hold no payloads. What quotes the
/// whole request, as the SDK does of an endpoint it cannot use, is left out.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut said: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        if said.last() != Some(&text) && !text.contains("SdkBody") {
            said.push(text);
        }
        next = error.source();
    }
    said.join(": ")
}

#[cfg(test)]
mod tests;
