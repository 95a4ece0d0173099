//! Standard queues, through the SDK.

mod common;

use std::time::Duration;

use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, MessageAttributeValue,
    QueueAttributeName as Name, SendMessageBatchRequestEntry,
};
use aws_smithy_types::Blob;
use common::{Account, bodies, code};

#[tokio::test]
async fn a_queue_is_made_once_and_only_as_it_is() {
    let account = Account::new().await;
    let create = |value: &str| account.sqs.create_queue().queue_name("q").attributes(Name::VisibilityTimeout, value);
    let made = create("5").send().await.unwrap();
    assert_eq!(made.queue_url(), Some(account.url("q").as_str()));
    create("5").send().await.unwrap();
    account.sqs.create_queue().queue_name("q").send().await.unwrap();
    let error = create("6").send().await.unwrap_err().into_service_error();
    assert!(error.is_queue_name_exists());
    assert_eq!(code(create("43201").queue_name("r").send().await), Err("InvalidAttributeValue".into()));
    assert_eq!(code(account.sqs.create_queue().queue_name("a.b").send().await), Err("InvalidParameterValue".into()));

    let url = account.sqs.get_queue_url().queue_name("q").send().await.unwrap();
    let all = account.sqs.get_queue_attributes().queue_url(url.queue_url().unwrap()).attribute_names(Name::All);
    let all = all.send().await.unwrap().attributes.unwrap();
    assert_eq!(all[&Name::QueueArn], "arn:aws:sqs:us-east-1:000000000000:q");
    assert_eq!(all[&Name::VisibilityTimeout], "5");
    assert_eq!(all[&Name::MaximumMessageSize], "1048576");
    assert!(!all.contains_key(&Name::RedrivePolicy));

    let error = account.sqs.get_queue_url().queue_name("none").send().await.unwrap_err().into_service_error();
    assert!(error.is_queue_does_not_exist());
    assert_eq!(error.meta().code(), Some("AWS.SimpleQueueService.NonExistentQueue"));
}

#[tokio::test]
async fn another_region_is_another_account() {
    let account = Account::with_queue("q").await;
    let elsewhere = aws_sdk_sqs::config::Builder::from(&account.stub.hurried_config())
        .region(aws_sdk_sqs::config::Region::new("eu-west-1"))
        .build();
    let elsewhere = aws_sdk_sqs::Client::from_conf(elsewhere);
    assert!(elsewhere.get_queue_url().queue_name("q").send().await.is_err());
}

#[tokio::test]
async fn what_is_sent_comes_back_whole() {
    let account = Account::with_queue("q").await;
    let attribute = |data_type: &str| MessageAttributeValue::builder().data_type(data_type);
    let body = "line\r\n \u{85} <&\"'> é☃😀\u{7f}";
    account
        .sqs
        .send_message()
        .queue_url(account.url("q"))
        .message_body(body)
        .message_group_id("tenant")
        .message_attributes("s", attribute("String.label").string_value("x").build().unwrap())
        .message_attributes("n", attribute("Number").string_value("7").build().unwrap())
        .message_attributes("b", attribute("Binary").binary_value(Blob::new([0_u8, 255])).build().unwrap())
        .send()
        .await
        .unwrap();
    let messages = account.receive("q").await;
    let [message] = messages.as_slice() else { panic!("{messages:?}") };
    assert_eq!(message.body(), Some(body));
    let attributes = message.message_attributes().unwrap();
    assert_eq!(attributes["s"].data_type(), "String.label");
    assert_eq!(attributes["n"].string_value(), Some("7"));
    assert_eq!(attributes["b"].binary_value().unwrap().as_ref(), [0, 255]);
    let system = message.attributes().unwrap();
    assert_eq!(system[&"ApproximateReceiveCount".into()], "1");
    assert_eq!(system[&"MessageGroupId".into()], "tenant");
    assert!(system[&"SentTimestamp".into()].parse::<u64>().unwrap() > 1_700_000_000_000);
    account.delete("q", message).await.unwrap();
    assert_eq!(account.counts("q"), (0, 0, 0));

    // What is not asked for is not there.
    account.send("q", "x").await;
    let bare = account.sqs.receive_message().queue_url(account.url("q")).send().await.unwrap();
    assert!(bare.messages()[0].attributes().is_none() && bare.messages()[0].message_attributes().is_none());
}

#[tokio::test]
async fn a_message_comes_again_when_its_time_is_over_and_counts() {
    let account = Account::with_queue("q").await;
    account.send("q", "x").await;
    let first = account.receive("q").await;
    assert!(account.receive("q").await.is_empty());
    account.stub.advance(Duration::from_secs(30));
    let second = account.receive("q").await;
    assert_eq!(second[0].attributes().unwrap()[&"ApproximateReceiveCount".into()], "2");
    assert_ne!(first[0].receipt_handle(), second[0].receipt_handle());
    assert_eq!(first[0].message_id(), second[0].message_id());
    assert_eq!((account.stub.messages().received, account.stub.messages().redelivered), (2, 1));
}

#[tokio::test]
async fn an_old_receipt_deletes_nothing_without_a_word() {
    let account = Account::with_queue("q").await;
    account.send("q", "x").await;
    let first = account.receive("q").await;
    account.stub.advance(Duration::from_secs(30));
    let second = account.receive("q").await;
    account.delete("q", &first[0]).await.unwrap();
    assert_eq!(account.counts("q"), (0, 1, 0), "it is still there");
    assert_eq!(account.stub.messages().stale_deletes, 1);
    // The latest one works even when its time is over.
    account.stub.advance(Duration::from_secs(30));
    account.delete("q", &second[0]).await.unwrap();
    assert_eq!(account.counts("q"), (0, 0, 0));
    assert_eq!(account.stub.messages().deleted, 1);
}

#[tokio::test]
async fn visibility_is_changed_while_it_lasts() {
    let account = Account::with_queue("q").await;
    account.send("q", "x").await;
    let message = account.receive("q").await.remove(0);
    account.change("q", &message, 60).await.unwrap();
    account.stub.advance(Duration::from_secs(31));
    assert!(account.receive("q").await.is_empty());
    assert_eq!(account.change("q", &message, 43_200).await, Err("InvalidParameterValue".into()), "twelve hours in all");
    account.change("q", &message, 0).await.unwrap();
    let not_in_flight = account.change("q", &message, 10).await;
    assert_eq!(not_in_flight, Err("AWS.SimpleQueueService.MessageNotInflight".into()));
    let again = account.receive("q").await.remove(0);
    assert_eq!(account.change("q", &message, 10).await.unwrap_err(), "AWS.SimpleQueueService.MessageNotInflight");
    account.delete("q", &again).await.unwrap();
    assert_eq!(account.change("q", &again, 10).await, Err("InvalidParameterValue".into()));
    let mut foreign = again.clone();
    foreign.receipt_handle = Some("nonsense".into());
    assert_eq!(account.delete("q", &foreign).await, Err("ReceiptHandleIsInvalid".into()));
}

#[tokio::test]
async fn a_long_poll_waits_for_a_message_and_a_short_one_does_not() {
    let account = Account::with_queue("q").await;
    let poll = |seconds: i32| {
        let request = account.sqs.receive_message().queue_url(account.url("q")).wait_time_seconds(seconds);
        let patient = aws_sdk_sqs::Config::builder().timeout_config(
            aws_sdk_sqs::config::timeout::TimeoutConfig::builder()
                .operation_attempt_timeout(Duration::from_secs(30))
                .operation_timeout(Duration::from_secs(30))
                .build(),
        );
        request.customize().config_override(patient).send()
    };
    assert!(poll(0).await.unwrap().messages().is_empty());
    let later = async {
        assert!(account.stub.until(Duration::from_secs(5), |stub| stub.requests().of("ReceiveMessage") == 2).await);
        account.send("q", "x").await;
    };
    let (polled, ()) = tokio::join!(poll(20), later);
    assert_eq!(bodies(polled.unwrap().messages()), ["x"]);
    // And for one whose lease ends.
    let later = async {
        assert!(account.stub.until(Duration::from_secs(5), |stub| stub.requests().of("ReceiveMessage") == 3).await);
        account.stub.advance(Duration::from_secs(30));
    };
    let (polled, ()) = tokio::join!(poll(20), later);
    // The poll's own time has passed too, and it looked once more.
    assert!(polled.unwrap().messages().len() <= 1);
}

#[tokio::test]
async fn a_message_rests_for_its_delay() {
    let account = Account::with_queue("q").await;
    let url = account.url("q");
    account.sqs.send_message().queue_url(&url).message_body("x").delay_seconds(10).send().await.unwrap();
    assert_eq!(account.counts("q"), (0, 0, 1));
    account.stub.set_queue("q", [("DelaySeconds", "20".to_owned())]);
    account.send("q", "y").await;
    account.stub.advance(Duration::from_secs(10));
    assert_eq!(bodies(&account.receive("q").await), ["x"]);
    account.stub.advance(Duration::from_secs(10));
    assert_eq!(bodies(&account.receive("q").await), ["y"]);
    let too_long = account.sqs.send_message().queue_url(&url).message_body("x").delay_seconds(901).send().await;
    assert_eq!(code(too_long), Err("InvalidParameterValue".into()));
}

#[tokio::test]
async fn what_is_received_too_often_moves_at_the_next_receive() {
    let account = Account::with_queue("dlq").await;
    account.stub.create_queue("q");
    let redrive = r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dlq","maxReceiveCount":2}"#;
    account.stub.set_queue("q", [("RedrivePolicy", redrive.to_owned())]);
    account.send("q", "x").await;
    for _ in 0..2 {
        let message = account.receive("q").await.remove(0);
        account.change("q", &message, 0).await.unwrap();
    }
    assert_eq!(account.counts("dlq"), (0, 0, 0));
    assert!(account.receive("q").await.is_empty());
    let dead = account.receive("dlq").await.remove(0);
    let system = dead.attributes().unwrap();
    assert_eq!(system[&"ApproximateReceiveCount".into()], "3", "over all queues");
    assert_eq!(system[&"DeadLetterQueueSourceArn".into()], "arn:aws:sqs:us-east-1:000000000000:q");
    assert_eq!(account.stub.messages().dead_lettered, 1);

    let set = |policy: &str| {
        account.sqs.set_queue_attributes().queue_url(account.url("q")).attributes(Name::RedrivePolicy, policy)
    };
    let missing = redrive.replace(":dlq", ":none");
    assert_eq!(code(set(&missing).send().await), Err("InvalidParameterValue".into()));
    assert_eq!(code(set(&redrive.replace('2', "0")).send().await), Err("InvalidParameterValue".into()));
    let kept = account.sqs.get_queue_attributes().queue_url(account.url("q")).attribute_names(Name::RedrivePolicy);
    assert_eq!(kept.send().await.unwrap().attributes.unwrap()[&Name::RedrivePolicy], redrive);
}

#[tokio::test]
async fn dead_letters_are_moved_back_as_new_messages() {
    let account = Account::with_queue("dlq").await;
    account.stub.create_queue("q");
    let arn = |name: &str| format!("arn:aws:sqs:us-east-1:000000000000:{name}");
    let start = || account.sqs.start_message_move_task().source_arn(arn("dlq"));
    assert_eq!(code(start().send().await), Err("InvalidParameterValue".into()), "no queue's dead-letter queue");
    let redrive = format!(r#"{{"deadLetterTargetArn":"{}","maxReceiveCount":1}}"#, arn("dlq"));
    account.stub.set_queue("q", [("RedrivePolicy", redrive)]);
    account.send("q", "x").await;
    let first = account.receive("q").await.remove(0);
    account.change("q", &first, 0).await.unwrap();
    assert!(account.receive("q").await.is_empty());

    start().send().await.unwrap();
    let again = account.receive("q").await.remove(0);
    assert_ne!(again.message_id(), first.message_id());
    assert_eq!(again.attributes().unwrap()[&"ApproximateReceiveCount".into()], "1");
    let tasks = account.sqs.list_message_move_tasks().source_arn(arn("dlq")).send().await.unwrap();
    assert_eq!(tasks.results()[0].status(), Some("COMPLETED"));
    assert_eq!(tasks.results()[0].approximate_number_of_messages_moved(), 1);

    // One that was sent there has nowhere to go back to, unless it is said where.
    account.send("dlq", "sent").await;
    start().send().await.unwrap();
    let tasks = account.sqs.list_message_move_tasks().source_arn(arn("dlq")).send().await.unwrap();
    assert_eq!(tasks.results()[0].failure_reason(), Some("CouldNotDetermineMessageSource"));
    start().destination_arn(arn("q")).send().await.unwrap();
    assert_eq!(bodies(&account.receive("q").await), ["sent"]);
}

#[tokio::test]
async fn a_slow_move_can_be_cancelled() {
    let account = Account::with_queue("dlq").await;
    account.stub.create_queue("q");
    let arn = |name: &str| format!("arn:aws:sqs:us-east-1:000000000000:{name}");
    account.stub.set_queue(
        "q",
        [("RedrivePolicy", format!(r#"{{"deadLetterTargetArn":"{}","maxReceiveCount":1}}"#, arn("dlq")))],
    );
    for n in 0..5 {
        account.send("dlq", &n.to_string()).await;
    }
    let start = account.sqs.start_message_move_task().source_arn(arn("dlq")).destination_arn(arn("q"));
    let task = start.clone().max_number_of_messages_per_second(1).send().await.unwrap();
    assert_eq!(code(start.send().await), Err("AWS.SimpleQueueService.UnsupportedOperation".into()), "one at a time");
    account.stub.advance(Duration::from_secs(1));
    assert!((2..5).contains(&account.stub.messages_in("q").len()));
    let cancelled =
        account.sqs.cancel_message_move_task().task_handle(task.task_handle().unwrap()).send().await.unwrap();
    assert!(cancelled.approximate_number_of_messages_moved() >= 2);
    assert!(account.stub.messages_in("dlq").len() <= 3);
}

#[tokio::test]
async fn a_batch_answers_for_each() {
    let account = Account::patient("q").await;
    let url = account.url("q");
    let entry =
        |id: &str, body: &str| SendMessageBatchRequestEntry::builder().id(id).message_body(body).build().unwrap();
    let send = |entries: Vec<SendMessageBatchRequestEntry>| {
        account.sqs.send_message_batch().queue_url(&url).set_entries(Some(entries)).send()
    };
    let sent = send(vec![entry("a", "x"), entry("b", "nul\0"), entry("c", "z")]).await.unwrap();
    let ids: Vec<&str> = sent.successful().iter().map(|entry| entry.id()).collect();
    assert_eq!(ids, ["a", "c"]);
    assert_eq!((sent.failed()[0].id(), sent.failed()[0].code()), ("b", "InvalidMessageContents"));
    assert!(sent.failed()[0].sender_fault());
    assert_eq!(sent.successful()[0].md5_of_message_body(), "9dd4e461268c8034f5c8564e155c67a6");

    let bad = |entries| async { code(send(entries).await).unwrap_err() };
    let of = "AWS.SimpleQueueService.";
    assert_eq!(bad(vec![]).await, format!("{of}EmptyBatchRequest"));
    assert_eq!(bad(vec![entry("a", "x"), entry("a", "y")]).await, format!("{of}BatchEntryIdsNotDistinct"));
    assert_eq!(bad(vec![entry("a b", "x")]).await, format!("{of}InvalidBatchEntryId"));
    assert_eq!(
        bad((0..11).map(|n| entry(&n.to_string(), "x")).collect()).await,
        format!("{of}TooManyEntriesInBatchRequest")
    );
    let large = "x".repeat(600_000);
    assert_eq!(bad(vec![entry("a", &large), entry("b", &large)]).await, format!("{of}BatchRequestTooLong"));

    let mut messages = account.receive("q").await;
    assert_eq!(bodies(&messages), ["x", "z"]);
    messages[1].receipt_handle = Some("nonsense".into());
    let changed = messages.iter().enumerate().fold(
        account.sqs.change_message_visibility_batch().queue_url(&url),
        |request, (n, message)| {
            let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(n.to_string()).visibility_timeout(9);
            request.entries(entry.receipt_handle(message.receipt_handle().unwrap()).build().unwrap())
        },
    );
    let changed = changed.send().await.unwrap();
    assert_eq!((changed.successful()[0].id(), changed.failed()[0].code()), ("0", "ReceiptHandleIsInvalid"));
    let deleted = messages.iter().enumerate().fold(
        account.sqs.delete_message_batch().queue_url(&url),
        |request, (n, message)| {
            let entry = DeleteMessageBatchRequestEntry::builder().id(n.to_string());
            request.entries(entry.receipt_handle(message.receipt_handle().unwrap()).build().unwrap())
        },
    );
    let deleted = deleted.send().await.unwrap();
    assert_eq!((deleted.successful()[0].id(), deleted.failed()[0].id()), ("0", "1"));
    assert_eq!(account.counts("q"), (0, 1, 0));
}

#[tokio::test]
async fn what_sqs_refuses_is_refused() {
    let account = Account::patient("q").await;
    let send = || account.sqs.send_message().queue_url(account.url("q")).message_body("x");
    let text = |value: &str| MessageAttributeValue::builder().data_type("String").string_value(value).build().unwrap();
    assert_eq!(code(send().message_body("\u{fffe}").send().await), Err("InvalidMessageContents".into()));
    assert_eq!(code(send().message_body("x".repeat(1_048_577)).send().await), Err("InvalidParameterValue".into()));
    for name in ["AWS.x", "a..b", ".a", "a b"] {
        assert_eq!(code(send().message_attributes(name, text("x")).send().await), Err("InvalidParameterValue".into()));
    }
    assert_eq!(code(send().message_attributes("a", text("")).send().await), Err("InvalidParameterValue".into()));
    let eleven = (0..11).fold(send(), |request, n| request.message_attributes(format!("a{n}"), text("x")));
    assert_eq!(code(eleven.send().await), Err("InvalidParameterValue".into()));
    let deduplicated = send().message_deduplication_id("x").send().await;
    assert_eq!(code(deduplicated), Err("InvalidParameterValue".into()), "not on a standard queue");
    assert_eq!(code(send().message_group_id("a b").send().await), Err("InvalidParameterValue".into()));
    let receive = || account.sqs.receive_message().queue_url(account.url("q"));
    assert_eq!(code(receive().max_number_of_messages(11).send().await), Err("InvalidParameterValue".into()));
    assert_eq!(code(receive().max_number_of_messages(0).send().await), Err("InvalidParameterValue".into()));
    assert_eq!(code(receive().wait_time_seconds(21).send().await), Err("InvalidParameterValue".into()));
    assert_eq!(code(receive().receive_request_attempt_id("x").send().await), Err("InvalidParameterValue".into()));
    assert_eq!(account.counts("q"), (0, 0, 0));
}

#[tokio::test]
async fn purging_and_deleting_take_their_time() {
    let account = Account::with_queue("q").await;
    account.send("q", "x").await;
    let purge = || account.sqs.purge_queue().queue_url(account.url("q")).send();
    purge().await.unwrap();
    assert_eq!(account.counts("q"), (0, 0, 0));
    assert_eq!(code(purge().await), Err("AWS.SimpleQueueService.PurgeQueueInProgress".into()));
    account.stub.advance(Duration::from_secs(60));
    purge().await.unwrap();

    account.sqs.delete_queue().queue_url(account.url("q")).send().await.unwrap();
    assert_eq!(code(purge().await), Err("AWS.SimpleQueueService.NonExistentQueue".into()));
    let create = || account.sqs.create_queue().queue_name("q").send();
    assert_eq!(code(create().await), Err("AWS.SimpleQueueService.QueueDeletedRecently".into()));
    account.stub.advance(Duration::from_secs(60));
    create().await.unwrap();
}

#[tokio::test]
async fn a_message_older_than_the_retention_is_gone() {
    let account = Account::with_queue("q").await;
    account.stub.set_queue("q", [("MessageRetentionPeriod", "60".to_owned())]);
    account.send("q", "x").await;
    account.stub.advance(Duration::from_secs(60));
    assert!(account.receive("q").await.is_empty());
    assert_eq!(account.stub.messages().expired, 1);
}

#[tokio::test]
async fn tags_are_kept() {
    let account = Account::with_queue("q").await;
    account.sqs.tag_queue().queue_url(account.url("q")).tags("team", "billing").send().await.unwrap();
    let tags = account.sqs.list_queue_tags().queue_url(account.url("q")).send().await.unwrap();
    assert_eq!(tags.tags().unwrap()["team"], "billing");
}
