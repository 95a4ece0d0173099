use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinHandle, JoinSet, yield_now};
use tokio::time::{Instant, sleep, timeout};

use super::super::MemoryTransport;
use super::super::QueueSettings;
use super::super::fixture::{NOW, SECOND, VISIBILITY, bodies, fifo, message, plan, standard, with};
use crate::transport::{Delivery, Transport};

const LONG: Duration = Duration::from_secs(20);

/// A receiver that is already waiting, and how long it will have waited.
async fn waiting(account: &MemoryTransport, queue: &'static str) -> JoinHandle<(Vec<Delivery>, Duration)> {
    let account = account.clone();
    let receiver = tokio::spawn(async move {
        let since = Instant::now();
        let deliveries = account.receive(queue, 10, LONG).await.unwrap();
        (deliveries, since.elapsed())
    });
    yield_now().await;
    receiver
}

#[tokio::test(start_paused = true)]
async fn it_waits_as_long_as_it_was_told_and_no_longer() {
    let account = standard();
    for wait in [NOW, Duration::from_millis(1), LONG] {
        let since = Instant::now();
        assert!(account.receive("q", 10, wait).await.unwrap().is_empty());
        assert_eq!(since.elapsed(), wait);
    }
}

#[tokio::test(start_paused = true)]
async fn it_does_not_wait_when_there_is_something() {
    let account = standard();
    account.send(message("t", "1")).await;
    let since = Instant::now();
    assert_eq!(account.receive("q", 10, LONG).await.unwrap().len(), 1);
    assert_eq!(since.elapsed(), NOW);
}

#[tokio::test(start_paused = true)]
async fn it_wakes_when_a_message_is_published() {
    let account = standard();
    let receiver = waiting(&account, "q").await;
    sleep(3 * SECOND).await;
    account.send(message("t", "1")).await;
    let (deliveries, waited) = receiver.await.unwrap();
    assert_eq!((bodies(&deliveries), waited), (vec!["1"], 3 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn it_wakes_when_a_lease_runs_out() {
    let mut short = plan("q", &[("t", "Happened")]);
    short.visibility = 5 * SECOND;
    let account = with([short]);
    account.send(message("t", "1")).await;
    account.take_one("q").await;
    let (deliveries, waited) = waiting(&account, "q").await.await.unwrap();
    assert_eq!((deliveries[0].attempt, waited), (2, 5 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn it_wakes_when_a_message_is_given_back_or_its_rest_is_over() {
    for rest in [NOW, 2 * SECOND] {
        let account = standard();
        account.send(message("t", "1")).await;
        let delivery = account.take_one("q").await;
        let receiver = waiting(&account, "q").await;
        sleep(SECOND).await;
        account.hide("q", &delivery.receipt, rest).await.unwrap();
        let (deliveries, waited) = receiver.await.unwrap();
        assert_eq!((deliveries[0].attempt, waited), (2, SECOND + rest));
    }
}

#[tokio::test(start_paused = true)]
async fn it_wakes_when_a_delay_is_over() {
    let account = standard();
    account.set_delay("q", 7 * SECOND);
    let receiver = waiting(&account, "q").await;
    account.send(message("t", "1")).await;
    assert_eq!(receiver.await.unwrap().1, 7 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn it_wakes_when_a_group_is_free_again() {
    let account = fifo();
    account.send(message("t.fifo", "1").keyed("a")).await;
    account.send(message("t.fifo", "2").keyed("a")).await;
    let delivery = account.take_one("q.fifo").await;
    let receiver = waiting(&account, "q.fifo").await;
    sleep(SECOND).await;
    account.ack("q.fifo", &delivery).await.unwrap();
    let (deliveries, waited) = receiver.await.unwrap();
    assert_eq!((bodies(&deliveries), waited), (vec!["2"], SECOND));
}

/// A queue of which the first message of group `a` is in hand for an hour, ten seconds before it has been kept for a minute, and
/// the second waits behind it.
async fn held_back() -> MemoryTransport {
    let transport = fifo();
    let account = transport.account();
    account.change_queue("q.fifo", QueueSettings::new().retention(60 * SECOND)).unwrap();
    transport.send(message("t.fifo", "1").keyed("a")).await;
    let first = transport.take_one("q.fifo").await;
    transport.hide("q.fifo", &first.receipt, 3600 * SECOND).await.unwrap();
    sleep(50 * SECOND).await;
    transport.send(message("t.fifo", "2").keyed("a")).await;
    transport
}

#[tokio::test(start_paused = true)]
async fn it_wakes_when_what_held_back_its_group_was_kept_long_enough() {
    let transport = held_back().await;
    let (deliveries, waited) = waiting(&transport, "q.fifo").await.await.unwrap();
    assert_eq!((bodies(&deliveries), waited), (vec!["2"], 10 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn it_wakes_when_a_queue_is_told_to_keep_less() {
    let transport = held_back().await;
    let account = transport.account();
    account.change_queue("q.fifo", QueueSettings::new().retention(3600 * SECOND)).unwrap();
    let receiver = waiting(&transport, "q.fifo").await;
    sleep(SECOND).await;
    account.change_queue("q.fifo", QueueSettings::new().retention(60 * SECOND)).unwrap();
    let (deliveries, waited) = receiver.await.unwrap();
    assert_eq!((bodies(&deliveries), waited), (vec!["2"], 10 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn it_wakes_when_a_receipt_that_rests_is_deleted() {
    let account = fifo();
    account.send(message("t.fifo", "1").keyed("a")).await;
    account.send(message("t.fifo", "2").keyed("a")).await;
    let delivery = account.take_one("q.fifo").await;
    account.hide("q.fifo", &delivery.receipt, 3600 * SECOND).await.unwrap();
    let receiver = waiting(&account, "q.fifo").await;
    let short = account.take("q.fifo").await;
    assert!(short.is_empty());
    sleep(SECOND).await;
    account.ack("q.fifo", &delivery).await.unwrap();
    let (deliveries, waited) = receiver.await.unwrap();
    assert_eq!((bodies(&deliveries), waited), (vec!["2"], SECOND));
}

#[tokio::test(start_paused = true)]
async fn it_wakes_when_a_dead_letter_comes_and_when_it_goes_back() {
    let account = standard();
    let grave = waiting(&account, "q-dlq").await;
    account.send(message("t", "1")).await;
    for _ in 0..3 {
        let delivery = account.take_one("q").await;
        account.hide("q", &delivery.receipt, NOW).await.unwrap();
    }
    let receiver = waiting(&account, "q").await;
    let (letters, waited) = grave.await.unwrap();
    assert_eq!((letters.len(), waited), (1, NOW));
    account.hide("q-dlq", &letters[0].receipt, NOW).await.unwrap();
    sleep(SECOND).await;
    assert_eq!(account.redrive("q"), 1);
    let (deliveries, waited) = receiver.await.unwrap();
    assert_eq!((deliveries[0].attempt, waited), (1, SECOND));
}

#[tokio::test(start_paused = true)]
async fn a_short_poll_beside_a_waiting_receiver_makes_it_wake_for_the_lease() {
    let account = standard();
    let receiver = waiting(&account, "q").await;
    // Taken away under the receiver's nose, before it runs again.
    account.send(message("t", "1")).await;
    let taken = account.take_one("q").await;
    sleep(SECOND).await;
    account.hide("q", &taken.receipt, 2 * SECOND).await.unwrap();
    assert_eq!(receiver.await.unwrap().1, 3 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn receivers_are_served_in_the_order_they_came() {
    let account = standard();
    let mut receivers = Vec::new();
    for _ in 0..4 {
        receivers.push(waiting(&account, "q").await);
    }
    for i in 0..4 {
        account.send(message("t", &i.to_string())).await;
        sleep(SECOND).await;
    }
    for (i, receiver) in receivers.into_iter().enumerate() {
        let (deliveries, waited) = receiver.await.unwrap();
        assert_eq!(bodies(&deliveries), [i.to_string()]);
        assert_eq!(waited, SECOND * u32::try_from(i).unwrap());
    }
}

#[tokio::test(start_paused = true)]
async fn what_one_receiver_leaves_wakes_the_next() {
    let account = standard();
    let mut receivers = JoinSet::new();
    for _ in 0..3 {
        let account = account.clone();
        receivers.spawn(async move { account.receive("q", 1, LONG).await.unwrap() });
    }
    yield_now().await;
    account.publish((0..3).map(|i| message("t", &i.to_string())).collect()).await;
    let since = Instant::now();
    while let Some(deliveries) = receivers.join_next().await {
        assert_eq!(deliveries.unwrap().len(), 1);
    }
    assert_eq!(since.elapsed(), NOW);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_goes_away_takes_no_wake_up_with_it() {
    let account = standard();
    let gone = waiting(&account, "q").await;
    let also_gone = waiting(&account, "q").await;
    let stays = waiting(&account, "q").await;
    account.send(message("t", "1")).await;
    // The first one is woken, and dropped before it can look.
    gone.abort();
    also_gone.abort();
    let (deliveries, waited) = stays.await.unwrap();
    assert_eq!((deliveries.len(), waited), (1, NOW));
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_is_not_polled_does_not_keep_messages_from_others_for_longer_than_they_wait() {
    let account = standard();
    let mut stuck = Box::pin(account.receive("q", 1, LONG));
    assert!(timeout(NOW, &mut stuck).await.is_err());
    account.send(message("t", "1")).await;
    assert_eq!(account.receive("q", 1, SECOND).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_crowd_everything_is_received_once_and_nobody_starves() {
    const MESSAGES: usize = 2_000;
    let account = standard();
    let mut receivers = JoinSet::new();
    for _ in 0..8 {
        let account = account.clone();
        receivers.spawn(async move {
            let mut mine = Vec::new();
            loop {
                let some = account.receive("q", 3, SECOND).await.unwrap();
                if some.is_empty() {
                    return mine;
                }
                for delivery in &some {
                    account.ack("q", delivery).await.unwrap();
                }
                mine.extend(bodies(&some).into_iter().map(str::to_owned));
                yield_now().await;
            }
        });
    }
    let account = Arc::new(account);
    let mut senders = JoinSet::new();
    for sender in 0..2 {
        let account = Arc::clone(&account);
        senders.spawn(async move {
            for i in (sender..MESSAGES).step_by(2) {
                account.send(message("t", &i.to_string())).await;
                yield_now().await;
            }
        });
    }
    senders.join_all().await;
    let received: Vec<Vec<String>> = timeout(60 * SECOND, receivers.join_all()).await.unwrap();
    assert!(received.iter().all(|mine| !mine.is_empty()));
    let mut all: Vec<usize> = received.concat().iter().map(|body| body.parse().unwrap()).collect();
    all.sort_unstable();
    assert!(all.into_iter().eq(0..MESSAGES));
    assert!(account.depth("q").total() == 0 && VISIBILITY > LONG);
}
