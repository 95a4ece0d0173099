//! Behind a topic: every record is run, and the invocation fails if one is not done.

use melange_lambda_stub::Answer;
use serde_json::json;

use crate::function::{Function, job, job_record, notification, sns, sqs};

#[tokio::test]
async fn every_record_is_run() {
    let function = Function::start("sns").await;
    let event = sns([1, 2].map(|number| notification(&format!("n-{number}"), &job(number, &json!("Done")))));
    assert_eq!(function.invoke(&event).await, Answer::Response("null".to_owned()));
    assert_eq!(function.said_of("worked").await, ["worked 1 1", "worked 2 1"]);
}

#[tokio::test]
async fn an_error_fails_the_invocation_after_all_have_run_and_only_it_is_run_again() {
    let function = Function::start("sns").await;
    let event = sns([notification("n-1", &job(1, &json!("FailOnce"))), notification("n-2", &job(2, &json!("Done")))]);
    let answer = function.invoke(&event).await;
    let Answer::Error(error) = &answer else { panic!("{answer}") };
    assert!(error.contains("Melange.RecordsFailed") && error.contains("1 of 2") && error.contains("`work`"), "{error}");
    assert_eq!(function.said_of("").await, ["count 1", "count 2", "work 1", "work 2", "worked 2 1"]);
    assert_eq!(function.invoke(&event).await, Answer::Response("null".to_owned()));
    assert_eq!(function.said_of("").await, ["work 1", "worked 1 1"]);
}

#[tokio::test]
async fn what_cannot_be_read_or_is_rejected_fails_it_too() {
    let function = Function::start("sns").await;
    let mut partial = notification("n-1", &json!("hunter2"));
    partial.as_object_mut().unwrap().retain(|key, _| key == "Message");
    for (event, why) in [
        (sns([partial]), "not an event"),
        (sns([notification("n-2", &job(1, &json!("Reject")))]), "rejected Job"),
        (sns([notification("n-3", &job(1, &json!("Panic")))]), "panicked on Job"),
        (sqs([job_record("m-1", 1, &json!("Done"))]), "from_sqs"),
        (json!({"hunter2": 1}), "Melange.Payload"),
    ] {
        let answer = function.invoke(&event).await;
        let Answer::Error(error) = &answer else { panic!("{answer}") };
        assert!(error.contains(why) || why == "not an event", "{why}: {error}");
    }
}
