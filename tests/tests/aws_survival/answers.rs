//! What each answer means, and how often it is asked again.
//!
//! Each row has clients of its own: the SDK pays for retries out of a store, which all rows together would empty.

use std::time::Duration;

use melange::Transport;
use melange::transport::{DeadLetter, TransportErrorKind as Kind};
use melange_aws_stub::Fault;

use crate::world::{World, cause, kind, order, said};

/// The fault, what it means, how often it is asked.
type Row = (Fault, Kind, u64);

/// What every service answers in the same way.
fn of_all() -> Vec<Row> {
    vec![
        (Fault::expired_token(), Kind::Denied, 1),
        (Fault::error("AccessDenied"), Kind::Denied, 1),
        (Fault::error("ThrottlingException"), Kind::Throttled, 3),
        (Fault::error("InternalError"), Kind::Unavailable, 3),
        (Fault::error("ServiceUnavailable").status(503), Kind::Unavailable, 3),
        (Fault::http(500), Kind::Unavailable, 3),
        (Fault::http(502), Kind::Unavailable, 3),
        (Fault::http(503), Kind::Unavailable, 3),
        (Fault::http(504), Kind::Unavailable, 3),
        (Fault::http(429), Kind::Throttled, 3),
        (Fault::http(404), Kind::Unavailable, 1),
        // A page instead of an answer: of a proxy, of a load balancer.
        (Fault::html(), Kind::Unavailable, 3),
        (Fault::garbage(), Kind::Unavailable, 3),
        (Fault::close_before(), Kind::Unavailable, 3),
        (Fault::close_after(), Kind::Unavailable, 3),
        (Fault::truncate(), Kind::Unavailable, 3),
        // The SDK corrects its clock by the answer's date, and tries again.
        (Fault::error("InvalidSignatureException").status(403).skewed(1800), Kind::Denied, 3),
        (Fault::error("InvalidSignatureException").status(403).skewed(-1800), Kind::Denied, 3),
    ]
}

fn of_sqs() -> Vec<Row> {
    let mut rows = of_all();
    rows.extend([
        (Fault::error("QueueDoesNotExist"), Kind::NotFound, 1),
        (Fault::error("QueueDoesNotExist").without_query_error(), Kind::NotFound, 1),
        (Fault::error("RequestThrottled"), Kind::Throttled, 3),
        (Fault::error("RequestThrottled").without_query_error(), Kind::Throttled, 3),
        (Fault::error("KMS.ThrottlingException"), Kind::Throttled, 3),
        (Fault::error("KmsThrottled").without_query_error(), Kind::Throttled, 3),
        (Fault::error("KMS.AccessDeniedException"), Kind::Denied, 1),
        (Fault::error("KMS.DisabledException"), Kind::Denied, 1),
        (Fault::error("OverLimit"), Kind::Throttled, 1),
        (Fault::error("UnsupportedOperation"), Kind::Configuration, 1),
        (Fault::error("InvalidAddress"), Kind::Configuration, 1),
        (Fault::error("InvalidSecurity"), Kind::Denied, 1),
    ]);
    rows
}

#[tokio::test]
async fn of_a_publish() {
    let mut world = World::new().await;
    let mut rows = of_all();
    rows.extend([
        (Fault::error("Throttling"), Kind::Throttled, 3),
        (Fault::error("Throttled").status(429), Kind::Throttled, 3),
        (Fault::error("KMSThrottling"), Kind::Throttled, 3),
        (Fault::error("KMSAccessDenied"), Kind::Denied, 1),
        (Fault::error("KMSDisabled"), Kind::Denied, 1),
        (Fault::error("NotFound"), Kind::NotFound, 1),
        (Fault::error("AuthorizationError"), Kind::Denied, 1),
        (Fault::error("InvalidParameter"), Kind::InvalidMessage, 1),
        (Fault::error("ParameterValueInvalid"), Kind::InvalidMessage, 1),
        (Fault::error("EndpointDisabled"), Kind::Configuration, 1),
        (Fault::error("InvalidSecurity"), Kind::Denied, 1),
        // Nothing is no answer either: what was published has an id.
        (Fault::empty(), Kind::Unavailable, 3),
    ]);
    for (fault, means, asked) in rows {
        let injected =
            ["Publish", "PublishBatch"].map(|action| world.stub.inject(fault.clone().on(action).of("orders")));
        world.renew();
        world.give_up_after(Duration::from_secs(1));
        let error = world.publisher().publish(order("o-1")).await.unwrap_err();
        let text = said(&error);
        assert_eq!(cause(&error).kind(), means, "{fault:?}: {text}");
        let retryable = matches!(means, Kind::Unavailable | Kind::Throttled);
        // What may pass by itself is published again as long as there is time.
        assert!(world.publishes() == asked || retryable && world.publishes() > asked, "{fault:?}");
        assert_eq!((error.is_retryable(), error.is_invalid()), (retryable, means == Kind::InvalidMessage), "{fault:?}");
        assert!(text.contains("OrderPlaced") && text.contains("sns:Publish on topic orders"), "{text}");
        injected.iter().for_each(melange_aws_stub::Injected::remove);
        world.stub.reset_counts();
    }
    world.publish("o-1").await;
}

#[tokio::test]
async fn of_a_delete_and_of_a_change_of_visibility() {
    let mut world = World::new().await;
    let delivery = world.received(&world.queue()).await;
    let mut rows = of_sqs();
    rows.extend([
        (Fault::error("ReceiptHandleIsInvalid"), Kind::LeaseLost, 1),
        (Fault::error("MessageNotInflight"), Kind::LeaseLost, 1),
        (Fault::error("InvalidParameterValue"), Kind::LeaseLost, 1),
        // Neither list has the message.
        (Fault::empty(), Kind::Unavailable, 1),
        (Fault::lose_entries([0]), Kind::Unavailable, 1),
        (Fault::fail_entries([0], "InternalError", false), Kind::Unavailable, 1),
        (Fault::fail_entries([0], "NewCode", false), Kind::Unavailable, 1),
        (Fault::fail_entries([0], "RequestThrottled", true), Kind::Throttled, 1),
        (Fault::fail_entries([0], "ReceiptHandleIsInvalid", true), Kind::LeaseLost, 1),
        (Fault::fail_entries([0], "InvalidParameterValue", true), Kind::LeaseLost, 1),
    ]);
    for action in ["ChangeMessageVisibilityBatch", "DeleteMessageBatch"] {
        for (fault, means, asked) in &rows {
            let injected = world.stub.inject(fault.clone().on(action));
            let receipt = delivery.receipt.clone();
            world.renew();
            let queue = world.queue();
            let answers = if action == "DeleteMessageBatch" {
                queue.delete("billing", vec![receipt]).await
            } else {
                queue.change_visibility("billing", vec![(receipt, Duration::from_secs(60))]).await
            };
            let [answer] = answers.as_slice() else { panic!("{answers:?}") };
            assert_eq!(kind(answer), Some(*means), "{action} {fault:?}: {answer:?}");
            assert_eq!(world.stub.requests().of(action), *asked, "{action} {fault:?}");
            injected.remove();
            world.stub.reset_counts();
        }
    }
}

#[tokio::test]
async fn of_a_receive_which_is_asked_once_since_the_poll_backs_off() {
    let world = World::new().await;
    let queue = world.queue();
    for (fault, means, _) in of_sqs() {
        let injected = world.stub.inject(fault.clone().on("ReceiveMessage"));
        let answer = queue.receive("billing", 10, Duration::from_secs(1)).await;
        assert_eq!(kind(&answer), Some(means), "{fault:?}");
        assert_eq!(world.stub.requests().of("ReceiveMessage"), 1, "{fault:?}");
        injected.remove();
        world.stub.reset_counts();
    }
    assert!(queue.receive("billing", 10, Duration::from_secs(1)).await.unwrap().is_empty());
}

#[tokio::test]
async fn of_a_dead_letter() {
    let mut world = World::new().await;
    let delivery = world.received(&world.queue()).await;
    let letter = DeadLetter::given_up("billing::receipt", "no such order");
    let mut rows = of_sqs();
    rows.extend([
        (Fault::error("InvalidMessageContents"), Kind::InvalidMessage, 1),
        // It must not be taken for an answer: the message would be deleted, and be nowhere.
        (Fault::empty(), Kind::Unavailable, 1),
    ]);
    for (fault, means, asked) in rows {
        let injected = world.stub.inject(fault.clone().on("SendMessage").of("billing-dlq"));
        world.renew();
        let answer = world.queue().dead_letter("billing", &delivery, &letter).await;
        assert_eq!(kind(&answer), Some(means), "{fault:?}");
        assert_eq!(world.stub.requests().of("SendMessage"), asked, "{fault:?}");
        injected.remove();
        world.stub.reset_counts();
    }
}

#[tokio::test]
async fn what_passes_while_it_is_asked_again_is_never_seen() {
    let world = World::new().await;
    let publisher = world.publisher();
    for fault in [
        Fault::html(),
        Fault::error("KMSThrottling"),
        Fault::error("Throttled").status(429),
        Fault::http(503),
        Fault::close_before(),
    ] {
        for action in ["Publish", "PublishBatch"] {
            world.stub.inject(fault.clone().on(action).times(2));
        }
        publisher.publish(order("o-1")).await.unwrap();
        world.stub.clear_faults();
    }
    assert_eq!(world.stub.messages_in("billing").len(), 5);
}

#[tokio::test]
async fn neither_payloads_nor_receipts_are_in_what_is_said() {
    let world = World::new().await;
    let queue = world.queue();
    let delivery = world.received(&queue).await;
    // As AWS does, which quotes what it does not like.
    let quoting =
        || Fault::error("InvalidParameterValue").message("Value hunter2-AQEBwJnKyrHigUMZj6reyNurSaErYJ== is invalid");
    for action in ["Publish", "PublishBatch"] {
        world.stub.inject(Fault::error("InvalidParameter").message("Invalid parameter: hunter2").on(action));
    }
    world.stub.inject(quoting().on("DeleteMessageBatch"));
    world.stub.inject(quoting().on("ReceiveMessage"));
    let publish = world.publisher().publish(order("hunter2")).await.unwrap_err();
    let delete = queue.delete("billing", vec![delivery.receipt.clone()]).await.remove(0).unwrap_err();
    let receive = queue.receive("billing", 1, Duration::from_secs(1)).await.unwrap_err();
    for text in [said(&publish), format!("{publish:?}"), said(&delete), format!("{delete:?}"), said(&receive)] {
        assert!(!text.contains("hunter2") && !text.contains("AQEB"), "{text}");
    }
    for text in [format!("{delivery:?}"), format!("{queue:?}"), format!("{:?}", world.aws)] {
        assert!(!text.contains("AQEB") && !text.contains("o-1") && !text.contains("stub-secret"), "{text}");
    }
}
