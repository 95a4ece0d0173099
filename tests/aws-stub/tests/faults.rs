//! Every fault, as the SDK's clients meet it.

mod common;

use std::time::{Duration, Instant, SystemTime};

use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use aws_types::sdk_config::{SharedTimeSource, TimeSource};
use common::{Account, TOPIC, code};
use melange_aws_stub::Fault;

async fn send(account: &Account) -> Result<(), String> {
    code(account.sqs.send_message().queue_url(account.url("q")).message_body("x").send().await)
}

fn in_queue(account: &Account) -> usize {
    account.stub.messages_in("q").len()
}

/// How often the SDK asked.
fn attempts(account: &Account) -> u64 {
    let sent = account.stub.requests().of("SendMessage");
    account.stub.reset_counts();
    sent
}

#[tokio::test]
async fn a_code_is_spelled_as_sqs_does() {
    let account = Account::with_queue("q").await;
    for (fault, seen, tries) in [
        (Fault::error("QueueDoesNotExist"), "AWS.SimpleQueueService.NonExistentQueue", 1),
        (Fault::error("AWS.SimpleQueueService.NonExistentQueue"), "AWS.SimpleQueueService.NonExistentQueue", 1),
        (Fault::error("QueueDoesNotExist").without_query_error(), "QueueDoesNotExist", 1),
        (Fault::error("RequestThrottled"), "RequestThrottled", 3),
        (Fault::error("ThrottlingException"), "ThrottlingException", 3),
        (Fault::error("KmsThrottled"), "KMS.ThrottlingException", 1),
        (Fault::error("OverLimit"), "OverLimit", 1),
        (Fault::expired_token(), "ExpiredToken", 1),
        (Fault::error("AccessDenied"), "AccessDenied", 1),
        (Fault::error("InternalError"), "InternalError", 3),
        (Fault::error("Other").status(503), "Other", 3),
        (Fault::error("InvalidSignatureException").status(403).skewed(1800), "InvalidSignatureException", 3),
    ] {
        let injected = account.stub.inject(fault);
        assert_eq!(send(&account).await, Err(seen.to_owned()));
        assert_eq!((attempts(&account), injected.hits()), (tries, tries), "{seen}");
        injected.remove();
    }
    // The last date was believed: the client signs by it, is refused, and learns the time again.
    assert_eq!(send(&account).await, Err("InvalidSignatureException".to_owned()));
    send(&account).await.unwrap();
    assert_eq!(in_queue(&account), 1);
}

#[tokio::test]
async fn a_code_is_spelled_as_sns_does() {
    let account = Account::with_orders(true).await;
    let publish = || account.sns.publish().topic_arn(TOPIC).message("x").send();
    for (fault, seen, status, tries) in [
        (Fault::error("Throttling"), "Throttling", 400, 3),
        (Fault::error("Throttled"), "Throttled", 429, 1),
        (Fault::error("KMSThrottling"), "KMSThrottling", 400, 1),
        (Fault::error("AuthorizationError"), "AuthorizationError", 403, 1),
        (Fault::error("InternalError"), "InternalError", 500, 3),
    ] {
        let injected = account.stub.inject(fault.on("Publish").of("orders"));
        let error = publish().await.unwrap_err();
        assert_eq!(error.raw_response().unwrap().status().as_u16(), status);
        assert_eq!(error.code(), Some(seen));
        assert_eq!(account.stub.requests().of("Publish"), tries, "{seen}");
        account.stub.reset_counts();
        injected.remove();
    }
}

#[tokio::test]
async fn a_page_is_no_answer() {
    let account = Account::with_queue("q").await;
    for (fault, tries) in
        [(Fault::html(), 1), (Fault::garbage(), 1), (Fault::http(500), 3), (Fault::http(502), 3), (Fault::http(503), 3)]
    {
        let injected = account.stub.inject(fault);
        assert_eq!(send(&account).await, Err("no code".to_owned()));
        assert_eq!(attempts(&account), tries);
        injected.remove();
    }
    assert_eq!(in_queue(&account), 0);
}

#[tokio::test]
async fn nothing_at_all_is_an_answer_of_sorts() {
    let account = Account::with_queue("q").await;
    account.stub.inject(Fault::empty());
    let answer = account.sqs.send_message().queue_url(account.url("q")).message_body("x").send().await;
    // The SDK takes no content for an answer without fields.
    assert!(answer.unwrap().message_id().is_none());
    assert_eq!(in_queue(&account), 0);
}

#[tokio::test]
async fn whoever_hangs_is_timed_out() {
    let account = Account::with_queue("q").await;
    account.stub.inject(Fault::hang().times(2));
    send(&account).await.unwrap();
    assert_eq!((attempts(&account), in_queue(&account)), (3, 1));
    account.stub.inject(Fault::hang());
    let error = account.sqs.send_message().queue_url(account.url("q")).message_body("x").send().await.unwrap_err();
    assert!(matches!(error, SdkError::TimeoutError(_)), "{error:?}");
    let calls = account.stub.calls();
    assert!(calls.iter().all(|call| call.answered.is_none()));
    let tries: Vec<u32> = calls.iter().map(|call| call.attempt).collect();
    assert_eq!(tries, [1, 2, 3]);
}

#[tokio::test]
async fn a_delay_delays() {
    let account = Account::with_queue("q").await;
    account.stub.inject(Fault::delay(Duration::from_millis(100)).times(1));
    let begun = Instant::now();
    send(&account).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(100));
    let call = account.stub.calls().remove(0);
    assert!(call.answered.unwrap() - call.at >= Duration::from_millis(100));
}

#[tokio::test]
async fn a_lost_answer_leaves_its_effect() {
    let account = Account::with_queue("q").await;
    account.stub.inject(Fault::close_before().times(1));
    send(&account).await.unwrap();
    assert_eq!((attempts(&account), in_queue(&account)), (2, 1));
    for fault in [Fault::close_after(), Fault::truncate(), Fault::stall()] {
        let before = in_queue(&account);
        account.stub.inject(fault.times(1));
        send(&account).await.unwrap();
        assert_eq!((attempts(&account), in_queue(&account) - before), (2, 2), "once unheard, once heard");
    }
}

#[tokio::test]
async fn entries_fail_and_go_missing() {
    let account = Account::with_queue("q").await;
    let batch = || {
        (0..4).fold(account.sqs.send_message_batch().queue_url(account.url("q")), |request, n| {
            let entry = SendMessageBatchRequestEntry::builder().id(format!("e{n}")).message_body(n.to_string());
            request.entries(entry.build().unwrap())
        })
    };
    let bodies = || account.stub.messages_in("q").into_iter().map(|message| message.body).collect::<Vec<_>>();
    account.stub.inject(Fault::fail_entries([1, 3], "InternalError", false).on("SendMessageBatch").times(1));
    let answer = batch().send().await.unwrap();
    let failed: Vec<_> = answer.failed().iter().map(|entry| (entry.id(), entry.code(), entry.sender_fault())).collect();
    assert_eq!(failed, [("e1", "InternalError", false), ("e3", "InternalError", false)]);
    assert_eq!(bodies(), ["0", "2"]);

    account.stub.inject(Fault::omit_entries([0]).times(1));
    let answer = batch().send().await.unwrap();
    assert_eq!((answer.successful().len(), answer.failed().len()), (3, 0));
    assert_eq!(bodies().len(), 6, "it was done all the same");
    account.stub.inject(Fault::lose_entries([0]).times(1));
    let answer = batch().send().await.unwrap();
    assert_eq!((answer.successful().len(), bodies().len()), (3, 9));
}

#[tokio::test]
async fn a_fault_is_for_whom_it_says() {
    let account = Account::with_queue("q").await;
    account.stub.create_queue("other");
    let denied = account.stub.inject(Fault::error("AccessDenied").on("SendMessage").of("q").after(1).times(2));
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(send(&account).await.is_ok());
        account.send("other", "x").await;
        assert!(account.receive("q").await.len() <= 1);
    }
    assert_eq!(seen, [true, false, false, true]);
    assert_eq!(denied.hits(), 2);
    account.stub.inject(Fault::error("AccessDenied"));
    assert!(send(&account).await.is_err());
    account.stub.clear_faults();
    send(&account).await.unwrap();
}

#[tokio::test]
async fn chance_is_the_same_for_the_same_seed() {
    let mut runs = Vec::new();
    for seed in [7, 7, 8] {
        let account = Account::with_queue("q").await;
        account.stub.inject(Fault::error("AccessDenied").chance(0.5, seed));
        let mut run = Vec::new();
        for _ in 0..32 {
            run.push(send(&account).await.is_ok());
        }
        runs.push(run);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
    assert!(runs[0].contains(&true) && runs[0].contains(&false));
}

/// A clock that is this many seconds ahead.
#[derive(Debug)]
struct Skewed(i64);

impl TimeSource for Skewed {
    fn now(&self) -> SystemTime {
        let by = Duration::from_secs(self.0.unsigned_abs());
        if self.0 < 0 { SystemTime::now() - by } else { SystemTime::now() + by }
    }
}

#[tokio::test]
async fn what_was_signed_by_another_time_is_refused_and_the_sdk_learns_the_time() {
    let account = Account::with_queue("billing").await;
    for seconds in [-600_i64, 600, -86_400, 86_400] {
        account.stub.reset_counts();
        let off = SharedTimeSource::new(Skewed(seconds));
        let config = account.stub.hurried_config().to_builder().time_source(off).build();
        let (sqs, sns) = (aws_sdk_sqs::Client::new(&config), aws_sdk_sns::Client::new(&config));
        for _ in 0..3 {
            sqs.get_queue_url().queue_name("billing").send().await.unwrap();
            let _ = sns.get_topic_attributes().topic_arn(TOPIC).send().await;
        }
        let requests = account.stub.requests();
        assert_eq!((requests.of("GetQueueUrl"), requests.of("GetTopicAttributes")), (4, 4), "{seconds}");
    }
}
