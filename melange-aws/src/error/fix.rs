//! What to do about an error, where that is known.

use melange::transport::TransportErrorKind as Kind;

use super::answer::Answer;
use super::codes::short;
use crate::client::Call;

/// What to do, to be put behind what happened; empty where only waiting helps.
pub(super) fn fix(call: &Call, kind: Kind, answer: &Answer) -> String {
    let fix = match (kind, answer.code().map(short)) {
        (Kind::Denied, Some(code)) => return denied(call, code),
        (Kind::Denied, None) if answer.status().is_none() => {
            "give the process AWS credentials (environment, profile, or the role it runs as)"
        }
        (Kind::Denied | Kind::Unavailable, None) if answer.status().is_some() => {
            "that was no answer of AWS: is there a proxy, or another server at the endpoint?"
        }
        // As the SDK's HTTP client says that there was no connection at all.
        (Kind::Unavailable, None) if answer.unanswered().is_some_and(|what| what.contains("(Connect)")) => {
            "there was no connection: is the region right, or the endpoint (AWS_ENDPOINT_URL), and is there a way to it?"
        }
        (Kind::NotFound, _) => "make it by `Provision::Create` at one start, or check prefix, region and account",
        _ => return String::new(),
    };
    format!("; {fix}")
}

fn denied(call: &Call, code: &str) -> String {
    match code {
        code if code.starts_with("ExpiredToken") => "; the credentials have expired: renew them".to_owned(),
        "InvalidClientTokenId" | "InvalidAccessKeyId" | "UnrecognizedClientException" => {
            "; AWS does not know these credentials: are they whole, and of this region's partition?".to_owned()
        }
        "SignatureDoesNotMatch" | "InvalidSignatureException" | "RequestTimeTooSkewed" | "RequestExpired" => {
            "; are the secret key of these credentials and the machine's clock right?".to_owned()
        }
        code if code.starts_with("KMS") || code.starts_with("Kms") => {
            "; allow `kms:Decrypt` and `kms:GenerateDataKey` on its KMS key to the role this runs as, and see that the key \
             is enabled"
                .to_owned()
        }
        _ => format!("; allow `{}` on it to the role this runs as, and its KMS key if it has one", call.action()),
    }
}
