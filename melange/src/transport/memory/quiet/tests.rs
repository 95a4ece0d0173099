use std::pin::Pin;

use futures_util::FutureExt as _;

use super::super::fixture::{NOW, SECOND, VISIBILITY, message, plan, with};
use super::*;
use crate::transport::{Delivery, Transport as _};

fn two() -> MemoryTransport {
    with([plan("a", &[("a", "Happened")]), plan("b", &[("b", "Happened")])])
}

fn busy(account: &MemoryTransport) -> Option<(&'static str, Pin<Box<OwnedNotified>>)> {
    let first = account.first_busy([("nowhere", "nowhere"), ("a", "a"), ("b", "b")]);
    first.map(|(which, over)| (which, Box::pin(over)))
}

#[tokio::test(start_paused = true)]
async fn a_queue_is_busy_until_the_last_that_is_visible_or_in_hand_is_gone() {
    let account = two();
    assert!(busy(&account).is_none());
    account.send(message("b", "1")).await;
    account.send(message("b", "2")).await;
    let Some(("b", mut over)) = busy(&account) else { panic!("two are in `b`") };
    let both: Vec<Delivery> = account.take("b").await;
    account.ack("b", &both[0]).await.unwrap();
    assert!(busy(&account).is_some() && (&mut over).now_or_never().is_none(), "one is in hand");
    account.ack("b", &both[1]).await.unwrap();
    assert!(busy(&account).is_none() && over.now_or_never().is_some());
}

#[tokio::test(start_paused = true)]
async fn what_rests_keeps_no_queue_busy_until_its_rest_is_over() {
    let account = two();
    account.send(message("a", "1")).await;
    let one = account.take_one("a").await;
    let (_, mut over) = busy(&account).unwrap();
    account.hide("a", &one.receipt, VISIBILITY).await.unwrap();
    assert!(busy(&account).is_some() && (&mut over).now_or_never().is_none(), "its handler goes on");
    account.hide("a", &one.receipt, SECOND).await.unwrap();
    assert!(busy(&account).is_none() && over.now_or_never().is_some(), "it rests for a retry");
    tokio::time::advance(SECOND).await;
    assert!(busy(&account).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_is_purged_or_deleted_is_at_rest() {
    let account = two();
    for deleted in [false, true] {
        account.send(message("a", "1")).await;
        let (_, over) = busy(&account).unwrap();
        if deleted {
            account.account().delete_queue("a").unwrap();
        } else {
            account.purge("a");
        }
        assert!(busy(&account).is_none() && over.now_or_never().is_some(), "deleted: {deleted}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_handed_over_is_in_one_of_the_queues_at_every_moment() {
    let account = two();
    account.send(message("b", "1")).await;
    let (_, over) = busy(&account).unwrap();
    let one = account.take_one("b").await;
    account.send(message("a", "2")).await;
    account.ack("b", &one).await.unwrap();
    over.await;
    assert_eq!(busy(&account).map(|(which, _)| which), Some("a"));
    account.receive("a", 1, NOW).await.unwrap();
    assert_eq!(busy(&account).map(|(which, _)| which), Some("a"));
}
