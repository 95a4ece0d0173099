use tokio::time::advance;

use super::super::fixture::SECOND;
use super::super::fixture::program::{account, all, kind};
use super::super::queue::MOST_IN_FLIGHT;
use super::super::{Outgoing, QueueSettings, RefusedKind};
use super::*;

const HOUR: Duration = Duration::from_secs(60 * 60);

fn send(account: &MemoryAccount, bodies: &[&str]) {
    for body in bodies {
        account.send("q", Outgoing::new(*body)).unwrap();
        account.send("q.fifo", Outgoing::new(*body).group("g").dedup_id(*body)).unwrap();
    }
}

fn texts(received: &[Received]) -> Vec<&str> {
    received.iter().map(|received| received.body.as_deref().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_receive_asks_for_no_more_than_there_is() {
    let account = account();
    for bad in [
        Receive::up_to(0),
        Receive::up_to(11),
        Receive::up_to(1).wait(Duration::from_millis(20_001)),
        Receive::up_to(1).visibility(12 * HOUR + SECOND),
        Receive::up_to(1).attempt_id("a"),
    ] {
        assert_eq!(kind(account.receive("q", bad).await), RefusedKind::InvalidParameter);
    }
    let ask = Receive::up_to(1).attempt_id("a b");
    assert_eq!(kind(account.receive("q.fifo", ask).await), RefusedKind::InvalidParameter);
    assert_eq!(kind(account.receive("nowhere", Receive::up_to(1)).await), RefusedKind::NotFound);
}

#[tokio::test(start_paused = true)]
async fn a_receive_may_say_for_how_long() {
    let account = account();
    send(&account, &["1"]);
    let five = account.receive("q", Receive::up_to(1).visibility(5 * SECOND)).await.unwrap();
    advance(5 * SECOND - Duration::from_millis(1)).await;
    assert!(all(&account, "q").await.is_empty());
    advance(Duration::from_millis(1)).await;
    let peek = account.receive("q", Receive::up_to(1).visibility(Duration::ZERO)).await.unwrap();
    assert_eq!((five[0].receives, peek[0].receives), (1, 2));
    assert_eq!(all(&account, "q").await[0].receives, 3, "it was never invisible");
}

#[tokio::test(start_paused = true)]
async fn an_attempt_id_that_is_used_again_is_known_for_five_minutes_more() {
    let account = account();
    send(&account, &["1"]);
    let ask = |visibility| account.receive("q.fifo", Receive::up_to(1).attempt_id("a").visibility(visibility));
    assert_eq!(ask(100 * SECOND).await.unwrap()[0].receives, 1);
    advance(200 * SECOND).await;
    assert_eq!(ask(HOUR).await.unwrap()[0].receives, 2, "its visibility was over");
    advance(299 * SECOND).await;
    assert_eq!(ask(HOUR).await.unwrap()[0].receives, 2, "the same once more");
    advance(SECOND).await;
    assert!(ask(HOUR).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_delay_of_a_fifo_queue_is_also_that_of_what_waits_in_it() {
    let account = account();
    let delay = |delay| {
        for queue in ["q", "q.fifo"] {
            account.change_queue(queue, QueueSettings::new().delay(delay)).unwrap();
        }
    };
    delay(600 * SECOND);
    send(&account, &["1", "2"]);
    advance(5 * SECOND).await;
    delay(7 * SECOND);
    assert!(all(&account, "q.fifo").await.is_empty());
    let wait = Receive::up_to(10).wait(20 * SECOND);
    let (received, waited) = (account.receive("q.fifo", wait).await.unwrap(), tokio::time::Instant::now());
    assert_eq!(texts(&received), ["1", "2"]);
    assert!(all(&account, "q").await.is_empty(), "each of its messages keeps the delay that it came under");
    // In hand is not delayed; what was given back is no longer.
    account.change_visibility("q.fifo", &received[0].receipt, 20 * SECOND).unwrap();
    account.change_visibility("q.fifo", &received[1].receipt, Duration::ZERO).unwrap();
    delay(900 * SECOND);
    advance(20 * SECOND).await;
    assert_eq!(texts(&all(&account, "q.fifo").await), ["1", "2"]);
    assert_eq!(waited.elapsed(), 20 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn the_delay_of_a_fifo_queue_is_also_that_of_what_could_be_received_and_was_not() {
    let account = account();
    send(&account, &["1", "2"]);
    advance(5 * SECOND).await;
    for (delay, comes) in [(5, true), (7, false), (6, false), (0, true), (900, false)] {
        for queue in ["q", "q.fifo"] {
            account.change_queue(queue, QueueSettings::new().delay(delay * SECOND)).unwrap();
        }
        for (queue, comes) in [("q", true), ("q.fifo", comes)] {
            let depth = account.lock().queues.get(queue).unwrap().visible(tokio::time::Instant::now());
            assert_eq!(depth, if comes { 2 } else { 0 }, "{queue} with a delay of {delay} s");
        }
    }
    advance(895 * SECOND).await;
    assert_eq!(texts(&all(&account, "q.fifo").await), ["1", "2"], "from when they were sent");
}

#[tokio::test(start_paused = true)]
async fn an_old_receipt_is_taken_by_a_standard_queue_and_refused_by_a_fifo_queue() {
    let account = account();
    send(&account, &["1"]);
    let (standard, fifo) = (all(&account, "q").await.remove(0), all(&account, "q.fifo").await.remove(0));
    advance(30 * SECOND).await;
    assert_eq!(kind(account.delete("q.fifo", &fifo.receipt)), RefusedKind::InvalidReceipt);
    let newer = all(&account, "q").await.remove(0);
    account.delete("q", &standard.receipt).unwrap();
    account.change_visibility("q", &newer.receipt, SECOND).unwrap();
    for queue in ["q", "q.fifo"] {
        let receipt = if queue == "q" { &standard.receipt } else { &fifo.receipt };
        assert_eq!(kind(account.change_visibility(queue, receipt, SECOND)), RefusedKind::NotInFlight);
    }
    account.delete("q", &newer.receipt).unwrap();
    advance(60 * SECOND).await;
    assert!(all(&account, "q").await.is_empty());
    assert_eq!(kind(account.delete("q", &fifo.receipt)), RefusedKind::InvalidReceipt, "of another queue");
    assert_eq!(kind(account.delete("q", &Receipt::new("nonsense"))), RefusedKind::InvalidReceipt);
    assert_eq!(kind(account.delete("nowhere", &fifo.receipt)), RefusedKind::NotFound);
}

#[tokio::test(start_paused = true)]
async fn twelve_hours_in_flight_count_from_the_receive() {
    let account = account();
    account.change_queue("q", QueueSettings::new().visibility(12 * HOUR)).unwrap();
    send(&account, &["1"]);
    let received = all(&account, "q").await.remove(0);
    account.change_visibility("q", &received.receipt, 12 * HOUR).unwrap();
    advance(HOUR).await;
    assert_eq!(
        kind(account.change_visibility("q", &received.receipt, 11 * HOUR + SECOND)),
        RefusedKind::InvalidParameter
    );
    account.change_visibility("q", &received.receipt, 11 * HOUR).unwrap();
    advance(11 * HOUR).await;
    let again = all(&account, "q").await.remove(0);
    account.change_visibility("q", &again.receipt, 12 * HOUR).unwrap();
}

#[tokio::test(start_paused = true)]
async fn settling_in_batches_fails_entry_by_entry() {
    let account = account();
    send(&account, &["1", "2"]);
    let received = all(&account, "q").await;
    let bad = Receipt::new("nonsense");
    let changes = [
        ("a", received[0].receipt.clone(), 13 * HOUR),
        ("b", received[1].receipt.clone(), SECOND),
        ("c", bad.clone(), SECOND),
    ];
    let answer = account.change_visibility_batch("q", changes).unwrap();
    let failed: Vec<_> = answer.failed.iter().map(|failed| (failed.id.as_str(), failed.refused.kind())).collect();
    assert_eq!(failed, [("a", RefusedKind::InvalidParameter), ("c", RefusedKind::InvalidReceipt)]);
    let answer = account.delete_batch("q", [("a", received[0].receipt.clone()), ("b", bad)]).unwrap();
    assert_eq!((answer.successful.len(), answer.failed.len()), (1, 1));
    assert_eq!(kind(account.delete_batch("q", Vec::<(String, Receipt)>::new())), RefusedKind::EmptyBatch);
    let many = (0..11).map(|i| (i.to_string(), received[0].receipt.clone()));
    assert_eq!(kind(account.delete_batch("q", many)), RefusedKind::TooManyEntries);
    let twice = [("a", received[0].receipt.clone(), SECOND), ("a", received[0].receipt.clone(), SECOND)];
    assert_eq!(kind(account.change_visibility_batch("q", twice)), RefusedKind::IdsNotDistinct);
}

#[tokio::test(start_paused = true)]
async fn messages_are_kept_for_four_days_unless_said_otherwise() {
    let account = account();
    send(&account, &["1"]);
    account.change_queue("q.fifo", QueueSettings::new().retention(60 * SECOND)).unwrap();
    let in_flight = account.receive("q", Receive::up_to(1).visibility(2 * SECOND)).await.unwrap();
    advance(60 * SECOND - Duration::from_millis(1)).await;
    assert_eq!(texts(&account.receive("q.fifo", Receive::up_to(1).visibility(Duration::ZERO)).await.unwrap()), ["1"]);
    advance(Duration::from_millis(1)).await;
    assert!(all(&account, "q.fifo").await.is_empty());
    advance(96 * HOUR - 61 * SECOND).await;
    assert_eq!(all(&account, "q").await.len(), 1);
    advance(SECOND).await;
    assert_eq!(
        kind(account.change_visibility("q", &in_flight[0].receipt, SECOND)),
        RefusedKind::NotInFlight,
        "not even in flight"
    );
    advance(HOUR).await;
    assert!(all(&account, "q").await.is_empty());
    assert_eq!(["q", "q.fifo", "dead"].map(|queue| account.expired(queue)), [Ok(1), Ok(1), Ok(0)]);
    assert_eq!(kind(account.expired("nowhere")), RefusedKind::NotFound);
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_is_as_old_as_its_message_unless_it_is_fifo() {
    let account = account();
    for (queue, dead) in [("q", "dead"), ("q.fifo", "dead.fifo")] {
        account.change_queue(queue, QueueSettings::new().visibility(SECOND).dead_letters(dead, 1)).unwrap();
        account.change_queue(dead, QueueSettings::new().retention(60 * SECOND).visibility(Duration::ZERO)).unwrap();
    }
    send(&account, &["1"]);
    for queue in ["q", "q.fifo"] {
        assert_eq!(all(&account, queue).await.len(), 1);
    }
    advance(40 * SECOND).await;
    for queue in ["q", "q.fifo"] {
        assert!(all(&account, queue).await.is_empty());
    }
    let fifo = all(&account, "dead.fifo").await.remove(0);
    assert_eq!(fifo.dedup_id.as_deref(), Some(fifo.message_id.as_str()), "known by its id now");
    assert_eq!(all(&account, "dead").await.len(), 1);
    advance(20 * SECOND).await;
    assert!(all(&account, "dead").await.is_empty(), "sixty seconds since it was sent");
    assert_eq!(all(&account, "dead.fifo").await.len(), 1);
    advance(40 * SECOND).await;
    assert!(all(&account, "dead.fifo").await.is_empty(), "sixty seconds since it came");
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_queue_that_was_deleted_does_not_come_back() {
    let account = account();
    for (queue, dead) in [("q", "dead"), ("q.fifo", "dead.fifo")] {
        account.change_queue(queue, QueueSettings::new().visibility(SECOND).dead_letters(dead, 1)).unwrap();
        account.delete_queue(dead).unwrap();
    }
    send(&account, &["1"]);
    for receives in 1..=3 {
        for queue in ["q", "q.fifo"] {
            assert_eq!(all(&account, queue).await.remove(0).receives, receives, "nothing is lost");
        }
        advance(SECOND).await;
    }
    assert_eq!(kind(account.receive("dead", Receive::up_to(1)).await), RefusedKind::NotFound);
    advance(60 * SECOND).await;
    account.create_queue("dead", QueueSettings::new()).unwrap();
    assert!(all(&account, "q").await.is_empty(), "it is moved once it can be");
    assert_eq!(all(&account, "dead").await.remove(0).source.as_deref(), Some("q"));
}

#[tokio::test(start_paused = true)]
async fn too_much_in_flight_is_said_by_a_standard_queue_to_who_does_not_wait() {
    let account = account();
    for i in 0..=MOST_IN_FLIGHT {
        account.send("q", Outgoing::new("x")).unwrap();
        account.send("q.fifo", Outgoing::new("x").group(i.to_string()).dedup_id(i.to_string())).unwrap();
    }
    let mut last = None;
    for _ in 0..MOST_IN_FLIGHT / 10 {
        let received = all(&account, "q").await;
        assert_eq!((received.len(), all(&account, "q.fifo").await.len()), (10, 10));
        last = received.into_iter().next_back();
    }
    assert_eq!(kind(account.receive("q", Receive::up_to(1)).await), RefusedKind::OverLimit);
    assert!(account.receive("q", Receive::up_to(1).wait(SECOND)).await.unwrap().is_empty(), "nothing is said");
    assert!(all(&account, "q.fifo").await.is_empty(), "nothing is said either");
    account.delete("q", &last.unwrap().receipt).unwrap();
    assert_eq!(all(&account, "q").await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_given_again_to_who_asks_under_the_same_id() {
    let account = account();
    send(&account, &["1", "2", "3"]);
    let ask = || Receive::up_to(2).attempt_id("try");
    let first = account.receive("q.fifo", ask()).await.unwrap();
    assert!(all(&account, "q.fifo").await.is_empty(), "the group is in flight");
    advance(20 * SECOND).await;
    let again = account.receive("q.fifo", ask()).await.unwrap();
    assert_eq!((texts(&first), texts(&again)), (vec!["1", "2"], vec!["1", "2"]));
    assert!(again.iter().all(|received| received.receives == 1), "it is not counted");
    advance(20 * SECOND).await;
    account.delete("q.fifo", &first[0].receipt).unwrap();
    assert!(account.receive("q.fifo", ask()).await.unwrap().is_empty(), "something has happened to it");
    account.delete("q.fifo", &again[1].receipt).unwrap();
    assert_eq!(texts(&account.receive("q.fifo", ask()).await.unwrap()), ["3"]);
    account.change_queue("q.fifo", QueueSettings::new().visibility(HOUR)).unwrap();
    assert_eq!(texts(&account.receive("q.fifo", ask()).await.unwrap()), ["3"], "in flight for longer now");
    advance(300 * SECOND).await;
    assert!(account.receive("q.fifo", ask()).await.unwrap().is_empty(), "five minutes are over");
}

#[tokio::test(start_paused = true)]
async fn what_is_given_back_or_extended_is_not_given_again() {
    let account = account();
    send(&account, &["1"]);
    let ask = || Receive::up_to(1).attempt_id("try");
    let first = account.receive("q.fifo", ask()).await.unwrap();
    account.change_visibility("q.fifo", &first[0].receipt, 60 * SECOND).unwrap();
    assert!(account.receive("q.fifo", ask()).await.unwrap().is_empty());
    account.change_visibility("q.fifo", &first[0].receipt, Duration::ZERO).unwrap();
    assert_eq!(account.receive("q.fifo", ask()).await.unwrap()[0].receives, 2);
}
