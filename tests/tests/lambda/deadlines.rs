//! Near the end of an invocation.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::function::{Function, failures, fifo, job_record, sns, sqs};

/// So long that the margin before its end, which is at most a quarter of it, is enough for a machine with much else to do.
const TIME: Duration = Duration::from_secs(8);

#[tokio::test]
async fn what_there_is_no_time_for_is_reported_in_time() {
    let function = Function::start("sqs").await;
    assert!(function.failed(&sqs([])).await.is_empty());
    let begun = Instant::now();
    let batch = sqs([
        job_record("quick", 1, &json!("Done")),
        job_record("heeds", 2, &json!("Heed")),
        job_record("sleeps", 3, &json!({"Sleep": 60_000})),
    ]);
    let failed = failures(&function.invoke_within(TIME, &batch).await);
    assert_eq!(failed, ["heeds", "sleeps"]);
    assert!(begun.elapsed() < TIME, "{:?}", begun.elapsed());
    assert_eq!(function.said_of("told").await, ["told 2"]);
    // It goes on.
    assert!(function.failed(&sqs([job_record("next", 4, &json!("Done"))])).await.is_empty());
}

#[tokio::test]
async fn nothing_is_begun_near_the_end() {
    let function = Function::start("sqs").await;
    assert!(function.failed(&sqs([])).await.is_empty());
    let batch = sqs([
        fifo("first", "g", 1, &json!({"Sleep": 60_000})),
        fifo("second", "g", 2, &json!("Done")),
        fifo("other", "h", 3, &json!("Done")),
    ]);
    assert_eq!(failures(&function.invoke_within(TIME, &batch).await), ["first", "second"]);
    assert_eq!(function.said_of("work ").await, ["work 1", "work 3"]);
}

#[tokio::test]
async fn an_event_of_sns_that_takes_too_long_fails_in_time() {
    let function = Function::start("sns").await;
    assert!(matches!(function.invoke(&sns([])).await, melange_lambda_stub::Answer::Response(_)));
    let event = sns([crate::function::notification("n-1", &crate::function::job(1, &json!({"Sleep": 60_000})))]);
    let answer = function.invoke_within(TIME, &event).await;
    assert!(answer.to_string().contains("no time left"), "{answer}");
}
