//! What the codes of SNS and SQS mean.
//!
//! Source: the service models of SNS (2010-03-31) and SQS (2012-11-05). SQS has two spellings for most, since it also
//! speaks its older protocol: the SDK shows the older where the server sends it, as AWS does and emulators need not.

use melange::transport::TransportErrorKind as Kind;

use crate::client::Call;

/// The code without the decorations of its protocol.
pub(super) fn short(code: &str) -> &str {
    let code = code.rsplit('#').next().unwrap_or(code);
    code.strip_prefix("AWS.SimpleQueueService.").unwrap_or(code)
}

/// What `code` means in answer to `call`; `None` for a code that is not known.
pub(crate) fn kind_of_code(code: &str, call: &Call) -> Option<Kind> {
    let kind = match short(code) {
        "NonExistentQueue"
        | "QueueDoesNotExist"
        | "NotFound"
        | "NotFoundException"
        | "ResourceNotFoundException"
        | "ResourceNotFound" => Kind::NotFound,

        "Throttling"
        | "ThrottlingException"
        | "Throttled"
        | "ThrottledException"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "BandwidthLimitExceeded"
        | "LimitExceededException"
        | "ProvisionedThroughputExceededException"
        | "PriorRequestNotComplete"
        | "TransactionInProgressException"
        | "SlowDown"
        | "OverLimit"
        | "PurgeQueueInProgress"
        | "KMS.ThrottlingException"
        | "KmsThrottled"
        | "KMSThrottling"
        | "KMSThrottlingException" => Kind::Throttled,

        "AccessDenied"
        | "AccessDeniedException"
        | "AuthorizationError"
        | "AuthorizationErrorException"
        | "UnauthorizedOperation"
        | "NotAuthorized"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "InvalidClientTokenId"
        | "InvalidAccessKeyId"
        | "UnrecognizedClientException"
        | "SignatureDoesNotMatch"
        | "InvalidSignatureException"
        | "IncompleteSignature"
        | "IncompleteSignatureException"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "AuthFailure"
        | "OptInRequired"
        | "RequestExpired"
        | "RequestTimeTooSkewed"
        | "InvalidSecurity"
        | "InvalidSecurityException" => Kind::Denied,
        kms if kms.starts_with("KMS") || kms.starts_with("Kms") => Kind::Denied,

        "InternalError"
        | "InternalErrorException"
        | "InternalFailure"
        | "InternalServerError"
        | "ServiceUnavailable"
        | "ServiceUnavailableException"
        | "RequestTimeout"
        | "RequestTimeoutException"
        | "ConcurrentAccess"
        | "ConcurrentAccessException"
        | "QueueDeletedRecently" => Kind::Unavailable,

        // The last says of a receipt that it is of another version.
        "MessageNotInflight" | "ReceiptHandleIsInvalid" | "InvalidIdFormat" => Kind::LeaseLost,

        "InvalidMessageContents" | "BatchRequestTooLong" => Kind::InvalidMessage,

        "InvalidParameter"
        | "InvalidParameterException"
        | "InvalidParameterValue"
        | "InvalidParameterValueException"
        | "ParameterValueInvalid"
        | "MissingParameter" => {
            if call.carries_receipts() {
                // A receipt that is no more, or more time than the twelve hours: either way it is not in hand.
                Kind::LeaseLost
            } else if call.carries_message() {
                Kind::InvalidMessage
            } else {
                Kind::Configuration
            }
        }

        "InvalidAddress"
        | "UnsupportedOperation"
        | "QueueNameExists"
        | "QueueAlreadyExists"
        | "InvalidAttributeName"
        | "InvalidAttributeValue"
        | "FilterPolicyLimitExceeded"
        | "FilterPolicyLimitExceededException"
        | "SubscriptionLimitExceeded"
        | "SubscriptionLimitExceededException"
        | "TopicLimitExceeded"
        | "TopicLimitExceededException"
        | "EndpointDisabled"
        | "EndpointDisabledException"
        | "InvalidAction"
        | "TooManyEntriesInBatchRequest"
        | "EmptyBatchRequest"
        | "BatchEntryIdsNotDistinct"
        | "InvalidBatchEntryId" => Kind::Configuration,

        _ => return None,
    };
    Some(kind)
}
