use std::error::Error as _;
use std::time::Duration;

use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, QueueAttributeName};
use aws_smithy_types::retry::RetryConfig;
use melange_aws_stub::{Fault, Injected, Stub};

use super::*;
use crate::client::Client;

/// What every message of a test says, and no error may.
const SECRET: &str = "hunter2";

/// What a code means in answer to what.
type Meanings = &'static [(Action, Kind)];

/// A server, and clients that ask once: whether and how often they ask again is told elsewhere.
struct Asked {
    stub: Stub,
    client: Client,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    /// Carries nothing.
    Look,
    /// Carries a message.
    Send,
    /// Carries receipts.
    Delete,
    /// Carries nothing, to SNS.
    Subscribe,
    /// Carries a message, to SNS.
    Publish,
}

impl Asked {
    async fn new() -> Self {
        let stub = Stub::start().await;
        stub.create_queue("billing");
        stub.create_topic("orders");
        let config = stub.sdk_config().to_builder().retry_config(RetryConfig::disabled()).build();
        Self { client: Client::new(&config), stub }
    }

    fn meets(&self, code: &'static str) -> Injected {
        self.stub.inject(Fault::error(code).message(format!("The value \"{SECRET}\" is wrong")).times(1))
    }

    async fn ask(&self, action: Action) -> Result<(), TransportError> {
        let Client { sns, sqs, .. } = &self.client;
        let url = format!("{}/000000000000/billing", self.stub.endpoint());
        let topic = "arn:aws:sns:us-east-1:000000000000:orders";
        match action {
            Action::Look => {
                let request = sqs.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::All);
                Call::new("sqs:GetQueueAttributes", "queue billing").send(request.send()).await.map(drop)
            }
            Action::Send => {
                let request = sqs.send_message().queue_url(url).message_body(SECRET);
                Call::new("sqs:SendMessage", "queue billing").with_message().send(request.send()).await.map(drop)
            }
            Action::Delete => {
                let entry = DeleteMessageBatchRequestEntry::builder().id("0").receipt_handle(SECRET).build().unwrap();
                let request = sqs.delete_message_batch().queue_url(url).entries(entry);
                Call::new("sqs:DeleteMessage", "queue billing").with_receipts().send(request.send()).await.map(drop)
            }
            Action::Subscribe => {
                let request =
                    sns.subscribe().topic_arn(topic).protocol("sqs").endpoint("arn:aws:sqs:us-east-1:0:billing");
                Call::new("sns:Subscribe", "topic orders").send(request.send()).await.map(drop)
            }
            Action::Publish => {
                let request = sns.publish().topic_arn(topic).message(SECRET);
                Call::new("sns:Publish", "topic orders").with_message().send(request.send()).await.map(drop)
            }
        }
    }

    /// The error that `action` ends with when it is answered with `code`.
    async fn answered(&self, action: Action, code: &'static str) -> TransportError {
        let injected = self.meets(code);
        let error = self.ask(action).await.unwrap_err();
        assert_eq!(injected.hits(), 1, "{code}");
        let said = said(&error);
        let iam = match action {
            Action::Look => "sqs:GetQueueAttributes on queue billing",
            Action::Send => "sqs:SendMessage on queue billing",
            Action::Delete => "sqs:DeleteMessage on queue billing",
            Action::Subscribe => "sns:Subscribe on topic orders",
            Action::Publish => "sns:Publish on topic orders",
        };
        assert!(said.starts_with(iam), "{said}");
        assert!(said.contains("(HTTP ") && said.contains(", request "), "{said}");
        if matches!(action, Action::Send | Action::Delete | Action::Publish)
            && !matches!(error.kind(), Kind::Denied | Kind::NotFound)
        {
            assert!(!said.contains(SECRET), "{said}");
        }
        error
    }
}

/// The error and what it came from.
fn said(error: &TransportError) -> String {
    let source = error.source().map(|source| format!("; {source}; {source:?}")).unwrap_or_default();
    format!("{error}{source}")
}

#[tokio::test]
async fn every_code_of_sqs_means_the_same_in_both_spellings() {
    use Action::{Delete, Look, Send};
    let asked = Asked::new().await;
    // The shape of its JSON protocol, the code of its query protocol, and what it means in answer to what.
    let table: &[(&'static str, &'static str, Meanings)] = &[
        (
            "QueueDoesNotExist",
            "AWS.SimpleQueueService.NonExistentQueue",
            &[(Look, Kind::NotFound), (Send, Kind::NotFound)],
        ),
        ("QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently", &[(Look, Kind::Unavailable)]),
        ("QueueNameExists", "QueueAlreadyExists", &[(Look, Kind::Configuration)]),
        ("PurgeQueueInProgress", "AWS.SimpleQueueService.PurgeQueueInProgress", &[(Look, Kind::Throttled)]),
        ("MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight", &[(Delete, Kind::LeaseLost)]),
        ("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", &[(Delete, Kind::LeaseLost)]),
        ("InvalidIdFormat", "InvalidIdFormat", &[(Delete, Kind::LeaseLost)]),
        (
            "TooManyEntriesInBatchRequest",
            "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
            &[(Send, Kind::Configuration), (Delete, Kind::Configuration)],
        ),
        ("EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest", &[(Delete, Kind::Configuration)]),
        (
            "BatchEntryIdsNotDistinct",
            "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
            &[(Delete, Kind::Configuration)],
        ),
        ("InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId", &[(Delete, Kind::Configuration)]),
        ("BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong", &[(Send, Kind::InvalidMessage)]),
        ("UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation", &[(Look, Kind::Configuration)]),
        ("OverLimit", "OverLimit", &[(Delete, Kind::Throttled)]),
        ("RequestThrottled", "RequestThrottled", &[(Look, Kind::Throttled), (Send, Kind::Throttled)]),
        ("ThrottlingException", "Throttling", &[(Send, Kind::Throttled)]),
        ("InvalidMessageContents", "InvalidMessageContents", &[(Send, Kind::InvalidMessage)]),
        ("InvalidAttributeName", "InvalidAttributeName", &[(Look, Kind::Configuration)]),
        ("InvalidAttributeValue", "InvalidAttributeValue", &[(Look, Kind::Configuration)]),
        (
            "InvalidParameterValueException",
            "InvalidParameterValue",
            &[(Look, Kind::Configuration), (Send, Kind::InvalidMessage), (Delete, Kind::LeaseLost)],
        ),
        ("MissingParameter", "MissingParameter", &[(Look, Kind::Configuration), (Send, Kind::InvalidMessage)]),
        ("KmsAccessDenied", "KMS.AccessDeniedException", &[(Send, Kind::Denied)]),
        ("KmsDisabled", "KMS.DisabledException", &[(Send, Kind::Denied)]),
        ("KmsInvalidKeyUsage", "KMS.InvalidKeyUsageException", &[(Send, Kind::Denied)]),
        ("KmsInvalidState", "KMS.InvalidStateException", &[(Send, Kind::Denied)]),
        ("KmsNotFound", "KMS.NotFoundException", &[(Send, Kind::Denied)]),
        ("KmsOptInRequired", "KMS.OptInRequired", &[(Send, Kind::Denied)]),
        ("KmsThrottled", "KMS.ThrottlingException", &[(Send, Kind::Throttled), (Delete, Kind::Throttled)]),
        ("InvalidAddress", "InvalidAddress", &[(Look, Kind::Configuration)]),
        ("InvalidSecurity", "InvalidSecurity", &[(Look, Kind::Denied)]),
        ("ResourceNotFoundException", "ResourceNotFoundException", &[(Look, Kind::NotFound)]),
        (
            "AccessDeniedException",
            "AccessDenied",
            &[(Look, Kind::Denied), (Send, Kind::Denied), (Delete, Kind::Denied)],
        ),
        ("ExpiredTokenException", "ExpiredToken", &[(Look, Kind::Denied), (Delete, Kind::Denied)]),
        ("InternalFailure", "InternalError", &[(Look, Kind::Unavailable), (Send, Kind::Unavailable)]),
        ("ServiceUnavailableException", "ServiceUnavailable", &[(Delete, Kind::Unavailable)]),
        // What AWS may come up with.
        (
            "NewCode",
            "NewCode",
            &[(Look, Kind::Configuration), (Send, Kind::InvalidMessage), (Delete, Kind::Configuration)],
        ),
    ];
    for (shape, query, meanings) in table {
        for (action, kind) in *meanings {
            for code in [shape, query] {
                let error = asked.answered(*action, code).await;
                assert_eq!(error.kind(), *kind, "{code} to {action:?}");
            }
            // As emulators answer: without the older spelling.
            let bare = asked.stub.inject(Fault::error(*shape).without_query_error().times(1));
            assert_eq!(asked.ask(*action).await.unwrap_err().kind(), *kind, "{shape} to {action:?}, bare");
            assert_eq!(bare.hits(), 1);
        }
    }
}

#[tokio::test]
async fn every_code_of_sns_is_known() {
    use Action::{Publish, Subscribe};
    let asked = Asked::new().await;
    let table: &[(&'static str, Meanings)] = &[
        ("AuthorizationError", &[(Publish, Kind::Denied), (Subscribe, Kind::Denied)]),
        ("NotFound", &[(Publish, Kind::NotFound), (Subscribe, Kind::NotFound)]),
        ("InvalidParameter", &[(Publish, Kind::InvalidMessage), (Subscribe, Kind::Configuration)]),
        ("ParameterValueInvalid", &[(Publish, Kind::InvalidMessage)]),
        ("InternalError", &[(Publish, Kind::Unavailable), (Subscribe, Kind::Unavailable)]),
        ("InternalFailure", &[(Publish, Kind::Unavailable)]),
        ("ServiceUnavailable", &[(Publish, Kind::Unavailable)]),
        ("KMSAccessDenied", &[(Publish, Kind::Denied)]),
        ("KMSDisabled", &[(Publish, Kind::Denied)]),
        ("KMSInvalidState", &[(Publish, Kind::Denied)]),
        ("KMSNotFound", &[(Publish, Kind::Denied)]),
        ("KMSOptInRequired", &[(Publish, Kind::Denied)]),
        ("KMSThrottling", &[(Publish, Kind::Throttled)]),
        ("BatchRequestTooLong", &[(Publish, Kind::InvalidMessage)]),
        ("TooManyEntriesInBatchRequest", &[(Publish, Kind::Configuration)]),
        ("BatchEntryIdsNotDistinct", &[(Publish, Kind::Configuration)]),
        ("EndpointDisabled", &[(Publish, Kind::Configuration)]),
        ("FilterPolicyLimitExceeded", &[(Subscribe, Kind::Configuration)]),
        ("SubscriptionLimitExceeded", &[(Subscribe, Kind::Configuration)]),
        ("TopicLimitExceeded", &[(Subscribe, Kind::Configuration)]),
        ("InvalidSecurity", &[(Publish, Kind::Denied)]),
        ("ConcurrentAccess", &[(Subscribe, Kind::Unavailable)]),
        ("StaleTag", &[(Subscribe, Kind::Configuration)]),
        ("Throttling", &[(Publish, Kind::Throttled), (Subscribe, Kind::Throttled)]),
        ("ThrottlingException", &[(Publish, Kind::Throttled)]),
        ("Throttled", &[(Publish, Kind::Throttled)]),
        ("ExpiredToken", &[(Publish, Kind::Denied)]),
        ("InvalidClientTokenId", &[(Publish, Kind::Denied)]),
        ("SignatureDoesNotMatch", &[(Publish, Kind::Denied)]),
        ("OptInRequired", &[(Publish, Kind::Denied)]),
        ("NewCode", &[(Publish, Kind::InvalidMessage), (Subscribe, Kind::Configuration)]),
    ];
    for (code, meanings) in table {
        for (action, kind) in *meanings {
            let error = asked.answered(*action, code).await;
            assert_eq!(error.kind(), *kind, "{code} to {action:?}");
        }
    }
}

#[tokio::test]
async fn a_topic_that_is_wrong_is_not_the_messages_fault() {
    let asked = Asked::new().await;
    let request = asked.client.sns.publish().topic_arn("arn:aws:sns:eu-west-1:000000000000:orders").message(SECRET);
    let error = Call::new("sns:Publish", "topic orders").with_message().send(request.send()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Configuration);
    assert!(error.to_string().contains("TopicArn"), "{error}");
}

#[tokio::test]
async fn the_text_says_what_to_do() {
    let asked = Asked::new().await;
    for (action, code, hints) in [
        (Action::Publish, "AuthorizationError", ["allow `sns:Publish`", "role"].as_slice()),
        (Action::Delete, "AccessDenied", &["allow `sqs:DeleteMessage`", "role"]),
        (Action::Publish, "ExpiredToken", &["have expired", "renew"]),
        (Action::Look, "ExpiredTokenException", &["have expired", "renew"]),
        (Action::Publish, "InvalidClientTokenId", &["credentials", "region"]),
        (Action::Look, "SignatureDoesNotMatch", &["credentials", "clock"]),
        (Action::Send, "KmsAccessDenied", &["kms:Decrypt", "kms:GenerateDataKey", "key"]),
        (Action::Publish, "KMSDisabled", &["KMS key", "enabled"]),
        (Action::Look, "QueueDoesNotExist", &["Provision::Create", "region", "account"]),
        (Action::Publish, "NotFound", &["Provision::Create", "prefix"]),
    ] {
        let text = asked.answered(action, code).await.to_string();
        for hint in hints {
            assert!(text.contains(hint), "{code}: {text}");
        }
    }
}

#[tokio::test]
async fn what_is_no_answer_of_aws_says_so_and_is_not_quoted() {
    let asked = Asked::new().await;
    for (fault, kind) in [
        (Fault::html(), Kind::Unavailable),
        (Fault::garbage(), Kind::Unavailable),
        (Fault::http(404), Kind::Unavailable),
        (Fault::http(407), Kind::Unavailable),
        (Fault::http(500), Kind::Unavailable),
        (Fault::http(502), Kind::Unavailable),
        (Fault::http(503), Kind::Unavailable),
        (Fault::http(403), Kind::Denied),
        (Fault::http(429), Kind::Throttled),
    ] {
        for action in [Action::Look, Action::Send, Action::Delete, Action::Subscribe, Action::Publish] {
            asked.stub.inject(fault.clone().times(1));
            let error = asked.ask(action).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{fault:?}");
            let said = said(&error);
            assert!(!said.contains("html") && !said.contains(SECRET), "{said}");
            if kind != Kind::Throttled {
                assert!(said.contains("no answer of AWS") && said.contains("proxy"), "{said}");
            }
        }
    }
}

#[tokio::test]
async fn no_answer_at_all_says_so() {
    let asked = Asked::new().await;
    for fault in [Fault::close_before(), Fault::close_after(), Fault::truncate()] {
        asked.stub.inject(fault.times(1));
        let error = asked.ask(Action::Look).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable, "{error}");
    }
    let config = asked.stub.hurried_config().to_builder().retry_config(RetryConfig::disabled()).build();
    let hurried = Asked { client: Client::new(&config), stub: asked.stub.clone() };
    hurried.stub.inject(Fault::hang().times(1));
    let error = hurried.ask(Action::Publish).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    assert!(error.to_string().contains("timeout"), "{error}");

    // Nobody is there.
    let port = asked.stub.port();
    let config = asked.stub.hurried_config_at(&format!("http://127.0.0.1:{port}"));
    let stub = asked.stub.clone();
    drop((asked, hurried));
    let gone = Asked { client: Client::new(&config), stub: Stub::start().await };
    drop(stub);
    let error = tokio::time::timeout(Duration::from_secs(10), gone.ask(Action::Look)).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    assert!(error.to_string().to_lowercase().contains("connect"), "{error}");
}

#[tokio::test]
async fn what_the_sdk_says_of_a_request_that_it_could_not_send_is_not_repeated() {
    let stub = Stub::start().await;
    for (endpoint, region, kind) in [
        ("localhost:4566", true, Kind::Configuration),
        ("not a url", true, Kind::Configuration),
        ("http://127.0.0.1:1", false, Kind::Configuration),
    ] {
        let mut config = stub.hurried_config_at(endpoint).to_builder();
        if !region {
            config.set_region(None);
        }
        let asked = Asked { client: Client::new(&config.build()), stub: stub.clone() };
        for action in [Action::Send, Action::Delete, Action::Publish] {
            let error = asked.ask(action).await.unwrap_err();
            let said = said(&error);
            assert!(!said.contains(SECRET) && !said.contains("SdkBody"), "{said}");
            assert_eq!(error.kind(), kind, "{said}");
        }
    }
}

#[test]
fn a_code_that_steps_look_for_is_found_in_both_spellings() {
    for code in ["QueueDoesNotExist", "com.amazonaws.sqs#QueueDoesNotExist", "AWS.SimpleQueueService.QueueDoesNotExist"]
    {
        let answer = Answer { code: Some(code.to_owned()), ..Answer::default() };
        let error = TransportError::new(Kind::NotFound, "x").with_source(answer);
        assert!(is_code(&error, &["QueueDoesNotExist"]) && !is_code(&error, &["NonExistentQueue"]));
    }
    assert!(!is_code(&TransportError::new(Kind::NotFound, "x"), &["QueueDoesNotExist"]));
}
