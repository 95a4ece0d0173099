//! Groups, whatever fails: in order, and none of them goes on past what failed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use aws_smithy_types::timeout::TimeoutConfig;
use futures_util::future::join_all;
use melange::transport::TransportErrorKind as Kind;
use melange::{Event, MessagePublisher};
use melange_aws::Aws;
use melange_aws_stub::Fault;
use serde::{Deserialize, Serialize};

use crate::{account, arrived, outcomes, patient, placed, ready, step};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_stay_in_order_and_whole_through_all_of_it() {
    let (stub, publisher) = ready().await;
    let _faults = [
        stub.inject(Fault::fail_entries([0, 4, 7], "InternalError", false).on("PublishBatch").chance(0.3, 1)),
        stub.inject(Fault::error("Throttling").on("PublishBatch").chance(0.1, 2)),
        stub.inject(Fault::close_after().on("PublishBatch").chance(0.1, 3)),
        stub.inject(Fault::close_before().on("PublishBatch").chance(0.1, 4)),
        stub.inject(Fault::delay(Duration::from_millis(7)).on("PublishBatch").chance(0.3, 5)),
    ];
    let begun = Instant::now();
    let answers = publisher.publish_all((0..400).map(|n| step(n % 20, n / 20))).await;
    println!("400 events of 20 groups: {} requests in {:?}", stub.requests().total(), begun.elapsed());
    let failed: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).map(ToString::to_string).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    let mut groups: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for (_, order, number) in arrived(&stub, "steps.fifo") {
        groups.entry(order).or_default().push(number);
    }
    assert_eq!(groups.len(), 20);
    for (group, numbers) in groups {
        assert_eq!(numbers, (0..20).collect::<Vec<_>>(), "group {group}");
    }
}

#[tokio::test]
async fn behind_a_failure_nothing_of_the_group_is_sent_and_other_groups_are() {
    let (stub, publisher) = patient().await;
    let _first = stub.inject(Fault::fail_entries([0], "AuthorizationError", true).on("PublishBatch").times(1));
    let answers = publisher.publish_all([step(1, 0), step(2, 0), step(1, 1), step(2, 1)]).await;
    assert_eq!(outcomes(&answers), [Some(Kind::Denied), None, Some(Kind::Unavailable), None]);
    let behind = answers[2].as_ref().unwrap_err();
    assert!(behind.is_retryable() && !behind.is_uncertain());
    assert!(behind.to_string().contains("an earlier message of the same key"), "{behind}");
    assert_eq!(
        arrived(&stub, "steps.fifo").iter().map(|(_, order, n)| (*order, *n)).collect::<Vec<_>>(),
        [(2, 0), (2, 1)]
    );
}

#[tokio::test]
async fn those_who_wait_for_each_other_give_up_together() {
    let stub = account().await;
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(Duration::from_millis(300))
        .operation_timeout(Duration::from_secs(1))
        .build();
    let config = stub.hurried_config().to_builder().timeout_config(timeouts).build();
    let publisher = MessagePublisher::new(Aws::from_config(&config));
    let outage = stub.inject(Fault::hang().on("PublishBatch"));
    let begun = Instant::now();
    // Each in a call of its own, all of one key.
    let answers = join_all((0..6).map(|number| publisher.publish(step(1, number)))).await;
    let took = begun.elapsed();
    assert_eq!(outcomes(&answers), [Some(Kind::Unavailable); 6]);
    assert!(answers.iter().flatten().count() == 0 && took < Duration::from_secs(4), "{took:?}");
    let uncertain =
        |answer: &Result<_, melange::PublishError>| answer.as_ref().is_err_and(|error| error.is_uncertain());
    assert_eq!(answers.iter().filter(|answer| uncertain(answer)).count(), 1, "the others were not sent");
    outage.remove();
    publisher.publish(step(1, 6)).await.unwrap();
}

#[tokio::test]
async fn the_group_goes_along_where_there_is_a_key() {
    let (stub, publisher) = patient().await;
    #[derive(Serialize, Deserialize, Event)]
    #[event(topic = "orders")]
    struct Keyed {
        #[event(key)]
        tenant: String,
    }
    let keyed = |tenant: &str| Keyed { tenant: tenant.to_owned() };
    publisher.publish(keyed("tenant-1")).await.unwrap();
    publisher.send_to("billing", keyed("tenant 2")).await.unwrap();
    publisher.publish(placed(1)).await.unwrap();
    let groups: Vec<_> = stub.messages_in("billing").into_iter().map(|message| message.group).collect();
    assert_eq!(groups[0].as_deref(), Some("tenant-1"));
    assert_eq!(groups[1].as_ref().map(String::len), Some(64), "what AWS refuses as a group goes as its hash");
    assert_eq!(groups[2], None);
}
