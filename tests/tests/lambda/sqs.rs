//! Behind a queue: which records are reported, and which are run.

use std::time::Duration;

use melange_lambda_stub::Answer;
use serde_json::{Value, json};

use crate::function::{Function, failures, fifo, job, job_record, notification, record, sqs};

fn done() -> Value {
    json!("Done")
}

#[tokio::test]
async fn a_batch_of_ten_with_three_failures_reports_exactly_those() {
    let function = Function::start("sqs").await;
    let act = |number| match number {
        3 => json!("Fail"),
        5 => json!("Reject"),
        8 => json!("Panic"),
        _ => done(),
    };
    let batch = sqs((1..=10).map(|number| job_record(&format!("m-{number}"), number, &act(number))));
    assert_eq!(function.failed(&batch).await, ["m-3", "m-5", "m-8"]);
    assert_eq!(function.said_of("count ").await.len(), 10);
}

#[tokio::test]
async fn where_all_is_well_nothing_is_reported() {
    let function = Function::start("sqs").await;
    let batch = sqs((1..=3).map(|number| job_record(&format!("m-{number}"), number, &done())));
    assert_eq!(function.invoke(&batch).await, Answer::Response(r#"{"batchItemFailures":[]}"#.to_owned()));
    assert_eq!(function.invoke(&sqs([])).await, Answer::Response(r#"{"batchItemFailures":[]}"#.to_owned()));
    // Somebody else's event is no failure.
    let other = record("m-4", &json!({"event_type_name": "SomebodyElses"}).to_string());
    assert!(function.failed(&sqs([other])).await.is_empty());
}

#[tokio::test]
async fn poison_fails_none_of_the_others() {
    let function = Function::start("sqs").await;
    let poison = [
        record("not-json", "hunter2"),
        record("empty", ""),
        record("of-another-shape", r#"{"event_type_name": "Job", "number": "hunter2"}"#),
        record("nameless", r#"{"number": 1}"#),
        json!({"messageId": "no-body", "eventSource": "aws:sqs"}),
        json!({"messageId": "odd", "body": 7, "attributes": "hunter2", "messageAttributes": [1], "eventSourceARN": {}}),
    ];
    let good = [job_record("m-1", 1, &done()), job_record("m-2", 2, &done())];
    let [first, second] = good;
    let batch = sqs([first].into_iter().chain(poison).chain([second]));
    let failed = function.failed(&batch).await;
    assert_eq!(failed, ["not-json", "empty", "of-another-shape", "nameless", "no-body", "odd"]);
    assert_eq!(function.said_of("worked").await, ["worked 1 1", "worked 2 1"]);
}

#[tokio::test]
async fn a_record_needs_no_more_than_an_id_and_a_body() {
    let function = Function::start("sqs").await;
    let bare = |id: &str, act| json!({"messageId": id, "body": job(1, &act).to_string()});
    assert_eq!(function.failed(&sqs([bare("a", done()), bare("b", json!("Fail"))])).await, ["b"]);
}

#[tokio::test]
async fn after_a_failure_nothing_later_of_its_group_is_run() {
    let function = Function::start("sqs").await;
    let batch = sqs([
        fifo("a1", "a", 11, &done()),
        fifo("b1", "b", 21, &json!({"Sleep": 50})),
        fifo("a2", "a", 12, &json!("Fail")),
        fifo("b2", "b", 22, &done()),
        fifo("a3", "a", 13, &done()),
        fifo("c1", "c", 31, &json!("Fail")),
        fifo("b3", "b", 23, &done()),
        fifo("a4", "a", 14, &done()),
    ]);
    assert_eq!(function.failed(&batch).await, ["a2", "a3", "c1", "a4"]);
    let said = function.said().await;
    let of = |group: &str| {
        let begun = |line: &&String| line.starts_with(&format!("work {group}"));
        said.iter().filter(begun).map(String::as_str).collect::<Vec<_>>()
    };
    assert_eq!(of("1"), ["work 11", "work 12"]);
    assert_eq!(of("2"), ["work 21", "work 22", "work 23"], "in their order, though the first takes longest");
    assert_eq!(of("3"), ["work 31"]);
}

#[tokio::test]
async fn an_id_that_stands_twice_is_reported_once_if_either_fails() {
    let function = Function::start("sqs").await;
    let twice = |first, second| {
        let (id, other) = (format!("{first}-{second}"), format!("{second}-{first}"));
        [job_record(&id, 1, &json!(first)), job_record(&other, 2, &done()), job_record(&id, 3, &json!(second))]
    };
    let batch = [twice("Done", "Fail"), twice("Fail", "Done"), twice("Fail", "Reject")].into_iter().flatten();
    // What failed and what did not are side by side: one answer for both is to have both again.
    assert_eq!(function.failed(&sqs(batch)).await, ["Done-Fail", "Fail-Done", "Fail-Reject"]);
}

#[tokio::test]
async fn many_groups_that_are_interleaved_keep_their_order_in_every_partition() {
    let function = Function::start("sqs").await;
    let arns =
        ["arn:aws-cn:sqs:cn-north-1:000000000000:steps.fifo", "arn:aws-us-gov:sqs:us-gov-west-1:000000000000:x.fifo"];
    for arn in arns {
        let batch = (0..300).map(|number| {
            let group = number % 30;
            // Of every third group, the fifth.
            let act = if group % 3 == 0 && number / 30 == 4 { json!("Fail") } else { done() };
            let mut record = fifo(&number.to_string(), &format!("Größe-{group}"), number, &act);
            record["eventSourceARN"] = arn.into();
            record
        });
        let failed = function.failed(&sqs(batch)).await;
        let expected = (0..300).filter(|number| number % 30 % 3 == 0 && number / 30 >= 4);
        assert_eq!(failed, expected.map(|number| number.to_string()).collect::<Vec<_>>());
        let said = function.said().await;
        let begun: Vec<u32> = said.iter().filter_map(|line| line.strip_prefix("work ")?.parse().ok()).collect();
        assert_eq!(begun.len(), 300 - 50, "what stands behind a failure is not begun");
        for group in 0..30 {
            assert!(begun.iter().filter(|number| *number % 30 == group).is_sorted(), "{begun:?}");
        }
    }
}

#[tokio::test]
async fn a_group_on_a_standard_queue_keeps_no_order() {
    let function = Function::start("sqs").await;
    let grouped = |id: &str, number, act| {
        let mut record = job_record(id, number, act);
        record["attributes"]["MessageGroupId"] = "tenant".into();
        record
    };
    let batch = sqs([grouped("a", 1, &json!("Fail")), grouped("b", 2, &done())]);
    assert_eq!(function.failed(&batch).await, ["a"]);
}

#[tokio::test]
async fn every_wrapper_is_opened() {
    let function = Function::start("sqs").await;
    let bridged = json!({
        "version": "0", "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718", "detail-type": "Job", "source": "com.example",
        "account": "111122223333", "time": "2017-12-22T18:43:48Z", "region": "us-west-1", "resources": [],
        "detail": job(3, &json!("Fail")),
    });
    let mut unnamed = bridged.clone();
    unnamed["detail"] = json!({"number": 4});
    let mut wrapped = notification("n-1", &job(2, &json!("Fail")));
    wrapped["SigningCertURL"] = wrapped["SigningCertUrl"].take();
    let mut by_attribute = record("named-beside", r#"{"number": 5}"#);
    by_attribute["messageAttributes"]["event_type"] = json!({
        "stringValue": "Job", "stringListValues": [], "binaryListValues": [], "dataType": "String"
    });
    let batch = sqs([
        job_record("raw", 1, &json!("Fail")),
        record("sns", &wrapped.to_string()),
        record("bridge", &bridged.to_string()),
        record("bridge-unnamed", &unnamed.to_string()),
        record("bridge-by-sns", &notification("n-2", &bridged).to_string()),
        by_attribute,
    ]);
    assert_eq!(function.failed(&batch).await, ["raw", "sns", "bridge", "bridge-by-sns"]);
    let worked = function.said_of("work").await;
    assert_eq!(worked, ["work 1", "work 2", "work 3", "work 3", "work 4", "work 5", "worked 4 1", "worked 5 1"]);
}

#[tokio::test]
async fn a_pipe_hands_over_a_bare_list() {
    let function = Function::start("sqs").await;
    let batch = json!([job_record("a", 1, &done()), job_record("b", 2, &json!("Fail"))]);
    assert_eq!(function.failed(&batch).await, ["b"]);
    assert!(function.failed(&json!([job_record("c", 3, &done())])).await.is_empty());
}

#[tokio::test]
async fn what_fails_without_an_id_fails_the_invocation() {
    let function = Function::start("sqs").await;
    for id in [json!(null), json!(""), json!(7)] {
        let mut nameless = job_record("x", 1, &json!("Fail"));
        nameless["messageId"] = id.clone();
        let answer = function.invoke(&sqs([job_record("a", 2, &done()), nameless])).await;
        let Answer::Error(error) = &answer else { panic!("{id}: {answer}") };
        assert!(error.contains("Melange.RecordsWithoutId") && error.contains("1 of 2"), "{error}");
    }
    // In a warm function those that were done are not run again with it.
    assert_eq!(function.said_of("worked").await, ["worked 2 1"]);
    let mut nameless = job_record("x", 3, &done());
    nameless.as_object_mut().unwrap().remove("messageId");
    assert!(failures(&function.invoke(&sqs([nameless])).await).is_empty());
}

#[tokio::test]
async fn in_a_warm_function_only_the_failed_subscriber_runs_again() {
    let function = Function::start("sqs").await;
    let batch = sqs([job_record("a", 1, &json!("FailOnce"))]);
    assert_eq!(function.failed(&batch).await, ["a"]);
    assert_eq!(function.said_of("").await, ["count 1", "work 1"]);
    assert!(function.failed(&batch).await.is_empty());
    assert_eq!(function.said_of("").await, ["work 1", "worked 1 1"]);
    // It was done with: the same again is another one.
    assert!(function.failed(&batch).await.is_empty());
    assert_eq!(function.said_of("").await, ["count 1", "work 1", "worked 1 1"]);
}

#[tokio::test]
async fn what_is_not_of_sqs_fails_the_invocation_and_is_not_quoted() {
    let function = Function::start("sqs").await;
    let of_s3 = json!({"Records": [{"eventSource": "aws:s3", "s3": {"object": {"key": "hunter2"}}}]});
    for payload in
        [of_s3, json!({}), json!("hunter2"), json!({"Records": "hunter2"}), json!({"Records": null}), json!(7)]
    {
        let answer = function.invoke(&payload).await;
        assert!(matches!(&answer, Answer::Error(error) if error.contains("Melange.Payload")), "{answer}");
    }
    let answer = function.invoke(&crate::function::sns([notification("n", &job(1, &done()))])).await;
    assert!(matches!(&answer, Answer::Error(error) if error.contains("from_sns")), "{answer}");
    // It goes on.
    assert!(function.failed(&sqs([job_record("a", 1, &done())])).await.is_empty());
}

#[tokio::test]
async fn the_attempt_is_the_brokers_count_and_the_trace_the_messages() {
    let function = Function::start("sqs").await;
    let mut counted = job_record("a", 1, &done());
    counted["attributes"]["ApproximateReceiveCount"] = "3".into();
    let mut traced = job_record("b", 2, &json!("Trace"));
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    traced["messageAttributes"]["traceparent"] = json!({"stringValue": parent, "dataType": "String"});
    traced["attributes"]["AWSTraceHeader"] =
        "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1".into();
    let mut by_x_ray = traced.clone();
    by_x_ray["messageId"] = "c".into();
    by_x_ray["messageAttributes"] = json!({});
    let mut wrapped = notification("n-1", &job(3, &json!("Trace")));
    wrapped["MessageAttributes"] = json!({"traceparent": {"Type": "String", "Value": parent}});
    let wrapped = record("d", &wrapped.to_string());
    assert!(function.failed(&sqs([counted])).await.is_empty());
    assert_eq!(function.said_of("worked").await, ["worked 1 3"]);
    for (record, trace) in [
        (traced, parent),
        (by_x_ray, "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01"),
        (wrapped, parent),
        (job_record("e", 4, &json!("Trace")), "none"),
    ] {
        assert!(function.failed(&sqs([record])).await.is_empty());
        assert_eq!(function.said_of("trace").await, [format!("trace {trace}")]);
    }
}

#[tokio::test]
async fn ten_thousand_records_are_handled() {
    let function = Function::start("sqs").await;
    let act = |number| if number % 1000 == 999 { json!("Fail") } else { done() };
    let batch = sqs((0..10_000).map(|number| job_record(&number.to_string(), number, &act(number))));
    // Unoptimized, on a machine that has other things to do.
    let failed = failures(&function.invoke_within(Duration::from_secs(600), &batch).await);
    assert_eq!(failed.len(), 10);
    assert_eq!(failed[0], "999");
}
