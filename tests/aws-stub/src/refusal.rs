//! What AWS refuses with: a code in the spelling of each protocol, a status, a message.
//!
//! Source: the service models of SQS (2012-11-05) and SNS (2010-03-31).

use std::borrow::Cow;

use crate::answer::Answer;
use crate::request::Service;

/// An answer that is an error.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) code: Cow<'static, str>,
    pub(crate) message: String,
    /// Instead of the code's own.
    pub(crate) status: Option<u16>,
    /// Whether SQS says the older spelling too, as AWS does and emulators need not.
    pub(crate) query_error: bool,
}

/// How SQS spells a code: as a shape of its JSON protocol, and as its query protocol did.
struct Spelling {
    shape: Cow<'static, str>,
    query: Cow<'static, str>,
    status: u16,
}

/// Shape, query code, status.
const SQS: [(&str, &str, u16); 31] = [
    ("com.amazonaws.sqs#QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", 400),
    ("com.amazonaws.sqs#QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently", 400),
    ("com.amazonaws.sqs#QueueNameExists", "QueueAlreadyExists", 400),
    ("com.amazonaws.sqs#PurgeQueueInProgress", "AWS.SimpleQueueService.PurgeQueueInProgress", 403),
    ("com.amazonaws.sqs#MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight", 400),
    ("com.amazonaws.sqs#ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", 404),
    ("com.amazonaws.sqs#InvalidIdFormat", "InvalidIdFormat", 400),
    ("com.amazonaws.sqs#TooManyEntriesInBatchRequest", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest", 400),
    ("com.amazonaws.sqs#EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest", 400),
    ("com.amazonaws.sqs#BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct", 400),
    ("com.amazonaws.sqs#InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId", 400),
    ("com.amazonaws.sqs#BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong", 400),
    ("com.amazonaws.sqs#UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation", 400),
    ("com.amazonaws.sqs#OverLimit", "OverLimit", 403),
    ("com.amazonaws.sqs#RequestThrottled", "RequestThrottled", 403),
    ("com.amazonaws.sqs#InvalidMessageContents", "InvalidMessageContents", 400),
    ("com.amazonaws.sqs#InvalidAttributeName", "InvalidAttributeName", 400),
    ("com.amazonaws.sqs#InvalidAttributeValue", "InvalidAttributeValue", 400),
    ("com.amazonaws.sqs#InvalidAddress", "InvalidAddress", 404),
    ("com.amazonaws.sqs#InvalidSecurity", "InvalidSecurity", 403),
    ("com.amazonaws.sqs#ResourceNotFoundException", "ResourceNotFoundException", 404),
    ("com.amazonaws.sqs#KmsAccessDenied", "KMS.AccessDeniedException", 400),
    ("com.amazonaws.sqs#KmsDisabled", "KMS.DisabledException", 400),
    ("com.amazonaws.sqs#KmsInvalidKeyUsage", "KMS.InvalidKeyUsageException", 400),
    ("com.amazonaws.sqs#KmsInvalidState", "KMS.InvalidStateException", 400),
    ("com.amazonaws.sqs#KmsNotFound", "KMS.NotFoundException", 400),
    ("com.amazonaws.sqs#KmsOptInRequired", "KMS.OptInRequired", 403),
    ("com.amazonaws.sqs#KmsThrottled", "KMS.ThrottlingException", 400),
    ("com.amazon.coral.service#AccessDeniedException", "AccessDenied", 403),
    ("com.amazon.coral.service#ExpiredTokenException", "ExpiredToken", 403),
    ("com.amazon.coral.service#InvalidParameterValueException", "InvalidParameterValue", 400),
];

/// What SNS answers with another status than 400.
const SNS: [(&str, u16); 15] = [
    ("AuthorizationError", 403),
    ("AccessDenied", 403),
    ("ExpiredToken", 403),
    ("ExpiredTokenException", 403),
    ("InvalidClientTokenId", 403),
    ("SignatureDoesNotMatch", 403),
    ("InvalidSecurity", 403),
    ("FilterPolicyLimitExceeded", 403),
    ("SubscriptionLimitExceeded", 403),
    ("TopicLimitExceeded", 403),
    ("NotFound", 404),
    ("ResourceNotFound", 404),
    ("Throttled", 429),
    ("InternalError", 500),
    ("InternalFailure", 500),
];

impl Refusal {
    pub(crate) fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), status: None, query_error: true }
    }

    /// For a parameter, in the words of SQS.
    pub(crate) fn value(parameter: &str, value: impl std::fmt::Display, reason: &str) -> Self {
        Self::new(
            "InvalidParameterValue",
            format!("Value {value} for parameter {parameter} is invalid. Reason: {reason}"),
        )
    }

    /// For a parameter, in the words of SNS.
    pub(crate) fn parameter(what: impl std::fmt::Display) -> Self {
        Self::new("InvalidParameter", format!("Invalid parameter: {what}"))
    }

    pub(crate) fn no_queue() -> Self {
        Self::new("QueueDoesNotExist", "The specified queue does not exist.")
    }

    pub(crate) fn no_topic() -> Self {
        Self::new("NotFound", "Topic does not exist")
    }

    /// The code as SQS writes it beside an entry of a batch, and as its query protocol spells it.
    pub(crate) fn entry_code(&self) -> String {
        let Spelling { query, .. } = self.spelling();
        query.strip_prefix("AWS.SimpleQueueService.").unwrap_or(&query).to_owned()
    }

    fn spelling(&self) -> Spelling {
        let short = |shape: &'static str| shape.rsplit('#').next().unwrap_or(shape);
        let known = SQS.iter().find(|(shape, query, _)| *query == self.code || short(shape) == self.code);
        match known {
            Some((shape, query, status)) => {
                Spelling { shape: Cow::Borrowed(shape), query: Cow::Borrowed(query), status: *status }
            }
            None => Spelling {
                shape: Cow::Owned(format!("com.amazonaws.sqs#{}", self.code)),
                query: self.code.clone(),
                status: if self.code.starts_with("Internal") || self.code.starts_with("ServiceUnav") {
                    500
                } else {
                    400
                },
            },
        }
    }

    /// As `service` says it.
    pub(crate) fn answer(&self, service: Service, request_id: &str) -> Answer {
        match service {
            Service::Sqs => {
                let Spelling { shape, query, status } = self.spelling();
                let status = self.status.unwrap_or(status);
                let body = serde_json::json!({ "__type": shape, "message": self.message }).to_string();
                let query_error = self.query_error.then(|| format!("{query};{}", fault(status)));
                Answer { query_error, ..Answer::json(status, body) }
            }
            Service::Sns | Service::Sts => {
                let own = SNS.iter().find(|(code, _)| *code == self.code).map_or(400, |(_, status)| *status);
                let status = self.status.unwrap_or(own);
                let body = crate::sns::xml::error(service, fault(status), &self.code, &self.message, request_id);
                Answer::xml(status, body)
            }
        }
    }
}

fn fault(status: u16) -> &'static str {
    if status < 500 { "Sender" } else { "Receiver" }
}
