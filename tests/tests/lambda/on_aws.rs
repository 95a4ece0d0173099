//! With the bus on its queue: dead letters, resting times, publishing, and the function that is started by a clock.

use std::time::Duration;

use aws_sdk_sqs::types::MessageSystemAttributeName;
use melange_aws_stub::{Fault, Stub};
use melange_lambda_stub::Answer;
use serde_json::{Value, json};

use crate::function::{Function, fifo, job, job_record, notification, record, sns, sqs};

async fn stub() -> Stub {
    let stub = Stub::start().await;
    stub.create_topic("staging-results");
    for queue in ["staging-billing", "staging-billing-dlq", "results"] {
        stub.create_queue(queue);
    }
    stub.subscribe("staging-results", "results", true);
    stub
}

/// Sends jobs, and receives them as Lambda does: as records whose receipts are real.
async fn received(stub: &Stub, jobs: &[(u32, Value)]) -> Vec<Value> {
    let sqs = aws_sdk_sqs::Client::new(&stub.sdk_config());
    let url = sqs.get_queue_url().queue_name("staging-billing").send().await.unwrap().queue_url.unwrap();
    let mut records = Vec::new();
    for (number, act) in jobs {
        sqs.send_message().queue_url(&url).message_body(job(*number, act).to_string()).send().await.unwrap();
        let message = sqs
            .receive_message()
            .queue_url(&url)
            .visibility_timeout(30)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .send()
            .await
            .unwrap();
        let message = message.messages.unwrap().remove(0);
        let mut record = record(message.message_id.as_deref().unwrap(), message.body.as_deref().unwrap());
        record["receiptHandle"] = message.receipt_handle.unwrap().into();
        records.push(record);
    }
    records
}

fn id(record: &Value) -> &str {
    record["messageId"].as_str().unwrap()
}

#[tokio::test]
async fn what_is_given_up_goes_to_the_dead_letter_queue_and_is_done() {
    let stub = stub().await;
    let function = Function::on("sqs", &stub).await;
    let mut last = job_record("last", 2, &json!("Fail"));
    last["attributes"]["ApproximateReceiveCount"] = "4".into();
    let mut poison = record("poison", r#"{"number": "hunter2"}"#);
    poison["messageAttributes"]["tenant"] = json!({"stringValue": "t-1", "dataType": "String.label"});
    let batch =
        sqs([job_record("rejected", 1, &json!("Reject")), last, poison, job_record("fails", 3, &json!("Fail"))]);
    assert_eq!(function.failed(&batch).await, ["fails"]);
    let mut letters = stub.messages_in("staging-billing-dlq");
    letters.sort_by_key(|letter| letter.attributes["melange_reason"].clone());
    assert_eq!(letters.len(), 3);
    let reasons: Vec<_> = letters.iter().map(|letter| letter.attributes["melange_reason"].as_str()).collect();
    assert_eq!(reasons[..2], ["as it was told", "as it was told, for good"]);
    assert_eq!(letters[1].attributes["melange_subscriber"], "work");
    assert_eq!(letters[1].body, job(1, &json!("Reject")).to_string());
    assert_eq!(
        (letters[2].body.as_str(), letters[2].attributes["tenant"].as_str()),
        (r#"{"number": "hunter2"}"#, "t-1")
    );
}

#[tokio::test]
async fn without_a_dead_letter_queue_it_is_a_failed_record() {
    let stub = stub().await;
    stub.remove_queue("staging-billing-dlq");
    let function = Function::on("sqs", &stub).await;
    let batch =
        sqs([job_record("rejected", 1, &json!("Reject")), record("poison", "{}"), job_record("a", 2, &json!("Done"))]);
    assert_eq!(function.failed(&batch).await, ["rejected", "poison"]);
}

#[tokio::test]
async fn a_fifo_group_goes_on_behind_a_dead_letter() {
    let stub = stub().await;
    let function = Function::on("sqs", &stub).await;
    let batch = sqs([fifo("a1", "a", 1, &json!("Reject")), fifo("a2", "a", 2, &json!("Done"))]);
    assert!(function.failed(&batch).await.is_empty());
    assert_eq!(stub.messages_in("staging-billing-dlq").len(), 1);
    assert_eq!(function.said_of("worked").await, ["worked 2 1"]);
}

#[tokio::test]
async fn what_fails_rests_for_the_subscribers_backoff() {
    let stub = stub().await;
    let function = Function::on("sqs", &stub).await;
    let jobs = [(1, json!("Done")), (2, json!({"FailAfter": 60})), (3, json!("Fail")), (4, json!("Fail"))];
    let records = received(&stub, &jobs).await;
    let ids: Vec<String> = records[1..].iter().map(|record| id(record).to_owned()).collect();
    assert_eq!(function.failed(&sqs(records)).await, ids);
    assert_eq!(stub.requests().of("ChangeMessageVisibilityBatch"), 1, "one call for all: {:?}", stub.requests());
    // Their own visibility would be over after 30 seconds, those of the subscriber after 40.
    let visible = |stub: &Stub| stub.standings("staging-billing").unwrap().visible;
    assert_eq!(visible(&stub), 0);
    stub.advance(Duration::from_secs(35));
    assert_eq!(visible(&stub), 1, "nobody deletes the first here");
    stub.advance(Duration::from_secs(10));
    assert_eq!(visible(&stub), 3);
    stub.advance(Duration::from_secs(20));
    assert_eq!(visible(&stub), 4);
}

#[tokio::test]
async fn where_sqs_cannot_be_told_the_answer_is_the_same() {
    let stub = stub().await;
    stub.inject(Fault::hang().on("ChangeMessageVisibilityBatch"));
    let function = Function::on("sqs", &stub).await;
    let records = received(&stub, &[(1, json!("Fail"))]).await;
    let id = id(&records[0]).to_owned();
    let answer = function.invoke_within(Duration::from_secs(8), &sqs(records)).await;
    assert_eq!(crate::function::failures(&answer), [id]);
}

#[tokio::test]
async fn what_handlers_publish_has_arrived_before_the_answer() {
    let stub = stub().await;
    let function = Function::on("sqs", &stub).await;
    for round in 0..3 {
        let batch = sqs((0..10).map(|number| job_record(&format!("{round}-{number}"), number, &json!("Publish"))));
        assert!(function.failed(&batch).await.is_empty());
        assert_eq!(stub.messages_in("results").len(), 10 * (round + 1));
    }
    // And what did not arrive is no success.
    stub.inject(Fault::error("AuthorizationError").on("PublishBatch"));
    assert_eq!(function.failed(&sqs([job_record("x", 1, &json!("Publish"))])).await, ["x"]);
}

#[tokio::test]
async fn behind_a_topic_what_is_given_up_goes_there_too() {
    let stub = stub().await;
    let function = Function::on("sns", &stub).await;
    let event = sns([notification("n-1", &job(1, &json!("Reject"))), notification("n-2", &json!("poison"))]);
    assert_eq!(function.invoke(&event).await, Answer::Response("null".to_owned()));
    let letters = stub.messages_in("staging-billing-dlq");
    assert_eq!(letters.len(), 2);
    assert!(letters.iter().all(|letter| letter.body.contains("TopicArn")), "as it came");
}

#[tokio::test]
async fn a_clock_has_so_many_consumed() {
    let stub = stub().await;
    let function = Function::on("scheduled", &stub).await;
    let sqs = aws_sdk_sqs::Client::new(&stub.sdk_config());
    let url = sqs.get_queue_url().queue_name("staging-billing").send().await.unwrap().queue_url.unwrap();
    for number in 0..7 {
        let act = if number == 1 { json!("Reject") } else { json!("Done") };
        sqs.send_message().queue_url(&url).message_body(job(number, &act).to_string()).send().await.unwrap();
    }
    let report = async |time| {
        let answer = function.invoke_within(Duration::from_secs(time), &json!({"source": "aws.events"})).await;
        let Answer::Response(report) = answer else { panic!("{answer}") };
        serde_json::from_str::<Value>(&report).unwrap()
    };
    assert_eq!(report(30).await, json!({"received": 5, "done": 4, "retried": 0, "dead_lettered": 1}));
    assert_eq!(report(30).await, json!({"received": 2, "done": 2, "retried": 0, "dead_lettered": 0}));
    assert_eq!(report(30).await, json!({"received": 0, "done": 0, "retried": 0, "dead_lettered": 0}));
    assert!(stub.messages_in("staging-billing").is_empty());
    // What it has no time for goes back.
    let sleeps = job(8, &json!({"Sleep": 60_000})).to_string();
    sqs.send_message().queue_url(&url).message_body(sleeps).send().await.unwrap();
    assert_eq!(report(10).await, json!({"received": 1, "done": 0, "retried": 1, "dead_lettered": 0}));
    assert_eq!(stub.standings("staging-billing").unwrap().visible, 1);
}
