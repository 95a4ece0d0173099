use tokio::time::advance;

use super::super::fixture::{NOW, SECOND, VISIBILITY, bodies, fifo, message, plan, standard, with};
use crate::transport::{DeadLetter, Delivery, Receipt, Transport, TransportErrorKind};
use std::collections::BTreeSet;
use std::time::Duration;

const MILLI: Duration = Duration::from_millis(1);
const LOST: Result<(), TransportErrorKind> = Err(TransportErrorKind::LeaseLost);

#[tokio::test(start_paused = true)]
async fn what_is_received_is_invisible_for_the_visibility_time_out() {
    let account = standard();
    account.send(message("t", "1")).await;
    let first = account.take_one("q").await;
    advance(VISIBILITY - MILLI).await;
    assert!(account.take("q").await.is_empty());
    advance(MILLI).await;
    let second = account.take_one("q").await;
    assert_eq!((first.attempt, second.attempt), (1, 2));
    assert_eq!(first.message_id, second.message_id);
    assert_eq!(account.ack("q", &second).await, Ok(()));
    advance(VISIBILITY).await;
    assert!(account.take("q").await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn at_most_max_are_handed_out_and_never_more_than_ten() {
    let account = standard();
    for i in 0..15 {
        account.send(message("t", &i.to_string())).await;
    }
    assert_eq!(bodies(&account.receive("q", 2, NOW).await.unwrap()), ["0", "1"]);
    assert_eq!(account.receive("q", 100, NOW).await.unwrap().len(), 10);
    assert_eq!(account.receive("q", 0, NOW).await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_standard_queue_takes_an_old_receipt_and_does_nothing() {
    let account = standard();
    account.send(message("t", "1")).await;
    let late = account.take_one("q").await;
    advance(VISIBILITY).await;
    assert_eq!(account.hide("q", &late.receipt, SECOND).await, LOST, "its time is over");
    assert_eq!(account.hide("q", &late.receipt, NOW).await, LOST);
    let again = account.take_one("q").await;
    assert_eq!(account.ack("q", &late).await, Ok(()), "taken");
    assert_eq!(account.counts("q"), (0, 1, 0), "and nothing is deleted");
    assert_eq!(account.ack("q", &again).await, Ok(()));
    assert_eq!(account.ack("q", &again).await, Ok(()), "deleted before is deleted");
    assert_eq!(account.hide("q", &again.receipt, SECOND).await, LOST);
    assert_eq!(account.counts("q"), (0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_standard_queue_deletes_by_the_latest_receipt_though_its_time_is_over() {
    let account = standard();
    account.send(message("t", "1")).await;
    let late = account.take_one("q").await;
    advance(VISIBILITY).await;
    assert_eq!(account.counts("q"), (1, 0, 0), "visible, and in nobody else's hand");
    assert_eq!(account.ack("q", &late).await, Ok(()));
    assert_eq!(account.counts("q"), (0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_fifo_queue_deletes_nothing_by_a_receipt_whose_time_is_over() {
    let account = fifo();
    account.send(message("t.fifo", "1").keyed("a")).await;
    let late = account.take_one("q.fifo").await;
    advance(VISIBILITY).await;
    assert_eq!(account.ack("q.fifo", &late).await, LOST);
    assert_eq!(account.hide("q.fifo", &late.receipt, SECOND).await, LOST);
    let again = account.take_one("q.fifo").await;
    assert_eq!(account.ack("q.fifo", &late).await, LOST, "nor once someone else has it");
    assert_eq!(account.ack("q.fifo", &again).await, Ok(()));
    assert_eq!(account.ack("q.fifo", &again).await, Ok(()), "deleted before is deleted");
}

#[tokio::test(start_paused = true)]
async fn receipts_of_others_settle_nothing() {
    let (mine, other) = (standard(), standard());
    mine.send(message("t", "1")).await;
    other.send(message("t", "1")).await;
    let _in_hand = mine.take_one("q").await;
    assert_eq!(mine.ack("q", &other.take_one("q").await).await, LOST);
    assert_eq!(mine.hide("q", &Receipt::new("a handle of SQS"), NOW).await, LOST);
}

#[tokio::test(start_paused = true)]
async fn each_receipt_has_its_own_answer() {
    let account = standard();
    account.send(message("t", "1")).await;
    account.send(message("t", "2")).await;
    let receipts = account.take("q").await.into_iter().map(|delivery| delivery.receipt).collect::<Vec<_>>();
    let twice = vec![receipts[0].clone(), receipts[0].clone(), receipts[1].clone()];
    let mut twice = twice;
    twice.insert(1, Receipt::new("a handle of SQS"));
    let answers: Vec<bool> = account.delete("q", twice).await.iter().map(Result::is_ok).collect();
    assert_eq!(answers, [true, false, true, true]);
}

#[tokio::test(start_paused = true)]
async fn more_time_keeps_it_in_hand() {
    let account = standard();
    account.send(message("t", "1")).await;
    let delivery = account.take_one("q").await;
    for _ in 0..10 {
        advance(VISIBILITY / 2).await;
        assert_eq!(account.hide("q", &delivery.receipt, VISIBILITY).await, Ok(()));
    }
    assert!(account.take("q").await.is_empty());
    assert_eq!(account.counts("q"), (0, 1, 0));
    assert_eq!(account.ack("q", &delivery).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_retry_comes_after_its_delay_and_not_sooner() {
    let account = standard();
    account.send(message("t", "1")).await;
    for (attempt, delay) in [(1, SECOND), (2, 5 * 60 * SECOND)] {
        let delivery = account.take_one("q").await;
        assert_eq!(delivery.attempt, attempt);
        assert_eq!(account.hide("q", &delivery.receipt, delay).await, Ok(()));
        assert_eq!(account.counts("q"), (0, 0, 1));
        advance(delay - MILLI).await;
        assert!(account.take("q").await.is_empty());
        advance(MILLI).await;
    }
    assert_eq!(account.take_one("q").await.attempt, 3);
}

#[tokio::test(start_paused = true)]
async fn zero_gives_it_back_at_once_and_ends_the_lease() {
    let account = standard();
    account.send(message("t", "1")).await;
    let delivery = account.take_one("q").await;
    assert_eq!(account.hide("q", &delivery.receipt, NOW).await, Ok(()));
    assert_eq!(account.hide("q", &delivery.receipt, NOW).await, LOST);
    assert_eq!(account.take_one("q").await.attempt, 2);
}

#[tokio::test(start_paused = true)]
async fn no_time_is_too_long() {
    let account = standard();
    account.send(message("t", "1")).await;
    let delivery = account.take_one("q").await;
    assert_eq!(account.hide("q", &delivery.receipt, Duration::MAX).await, Ok(()));
    assert!(account.take("q").await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_received_too_often_goes_to_the_dead_letter_queue() {
    let account = standard();
    let sent = message("t", "1");
    let event_id = sent.id();
    account.send(sent).await;
    account.send(message("t", "2")).await;
    for _ in 0..3 {
        let delivery = account.take_one("q").await;
        assert_eq!(bodies(std::slice::from_ref(&delivery)), ["1"]);
        account.hide("q", &delivery.receipt, NOW).await.unwrap();
    }
    assert!(account.dead_letters("q").is_empty(), "moved at the next receive, not before");
    assert_eq!(bodies(&account.take("q").await), ["2"]);
    let letters = account.dead_letters("q");
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].event_id, Some(event_id));
    assert_eq!((letters[0].attempts, letters[0].subscriber.as_deref()), (3, None));
    assert_eq!(letters[0].reason, "moved by the queue after 3 receives");
}

#[tokio::test(start_paused = true)]
async fn the_dead_letter_queue_of_a_fifo_queue_is_fifo() {
    let account = fifo();
    account.send(message("t.fifo", "1").keyed("a")).await;
    account.send(message("t.fifo", "2").keyed("a")).await;
    for _ in 0..3 {
        let delivery = account.take_one("q.fifo").await;
        account.hide("q.fifo", &delivery.receipt, NOW).await.unwrap();
    }
    assert_eq!(bodies(&account.take("q.fifo").await), ["2"], "the group goes on without it");
    assert_eq!(bodies(&account.take("q-dlq.fifo").await), ["1"]);
}

#[tokio::test(start_paused = true)]
async fn a_receive_brings_several_of_a_fifo_group_in_order_and_then_the_group_waits() {
    let account = fifo();
    for (key, body) in [("a", "1"), ("a", "2"), ("b", "3"), ("a", "4"), ("b", "5")] {
        account.send(message("t.fifo", body).keyed(key)).await;
    }
    let first = account.receive("q.fifo", 2, NOW).await.unwrap();
    assert_eq!(bodies(&first), ["1", "2"], "as many of one group as there are");
    let other = account.take("q.fifo").await;
    assert_eq!(bodies(&other), ["3", "5"], "the group in hand is left out");
    assert!(account.take("q.fifo").await.is_empty());
    assert_eq!(account.ack("q.fifo", &first[0]).await, Ok(()));
    assert!(account.take("q.fifo").await.is_empty(), "one of it is still in hand");
    assert_eq!(account.ack("q.fifo", &first[1]).await, Ok(()));
    assert_eq!(bodies(&account.take("q.fifo").await), ["4"]);
}

#[tokio::test(start_paused = true)]
async fn a_fifo_group_that_is_given_back_comes_again_in_order() {
    let account = fifo();
    for body in ["1", "2", "3"] {
        account.send(message("t.fifo", body).keyed("a")).await;
    }
    let all = account.take("q.fifo").await;
    assert_eq!(bodies(&all), ["1", "2", "3"]);
    for at in [2, 0, 1] {
        assert!(account.take("q.fifo").await.is_empty());
        account.hide("q.fifo", &all[at].receipt, NOW).await.unwrap();
    }
    let again = account.take("q.fifo").await;
    assert_eq!(bodies(&again), ["1", "2", "3"]);
    assert!(again.iter().all(|delivery| delivery.attempt == 2));
}

#[tokio::test(start_paused = true)]
async fn a_fifo_group_waits_for_a_retry_and_for_a_lease_that_ran_out() {
    let account = fifo();
    for (key, body) in [("a", "1"), ("b", "3"), ("a", "2")] {
        account.send(message("t.fifo", body).keyed(key)).await;
    }
    let first = account.receive("q.fifo", 1, NOW).await.unwrap().remove(0);
    account.hide("q.fifo", &first.receipt, 60 * SECOND).await.unwrap();
    let other = account.take("q.fifo").await;
    assert_eq!(bodies(&other), ["3"], "other groups go on");
    account.ack("q.fifo", &other[0]).await.unwrap();
    advance(60 * SECOND - MILLI).await;
    assert!(account.take("q.fifo").await.is_empty());
    advance(MILLI).await;
    assert_eq!(bodies(&account.receive("q.fifo", 1, NOW).await.unwrap()), ["1"]);
    advance(VISIBILITY).await;
    assert_eq!(bodies(&account.take("q.fifo").await), ["1", "2"], "still before the second");
}

#[tokio::test(start_paused = true)]
async fn a_key_on_a_standard_queue_waits_for_what_is_in_hand_but_not_for_a_retry() {
    let account = standard();
    for (key, body) in [("a", "1"), ("a", "2"), ("a", "3"), ("b", "4")] {
        account.send(message("t", body).keyed(key)).await;
    }
    let first = account.take("q").await;
    assert_eq!(bodies(&first), ["1", "4"]);
    account.hide("q", &first[0].receipt, VISIBILITY).await.unwrap();
    assert!(account.take("q").await.is_empty(), "extended, so still in hand");
    account.hide("q", &first[0].receipt, SECOND).await.unwrap();
    let second = account.take("q").await;
    assert_eq!(bodies(&second), ["2"]);
    advance(SECOND).await;
    assert!(account.take("q").await.is_empty(), "one of a key at a time");
    account.ack("q", &second[0]).await.unwrap();
    assert_eq!(bodies(&account.take("q").await), ["1"], "back at its place");
}

#[tokio::test(start_paused = true)]
async fn without_keys_all_are_handed_out_in_publish_order() {
    let account = standard();
    for body in ["1", "2", "3"] {
        account.send(message("t", body)).await;
    }
    let all = account.take("q").await;
    assert_eq!(bodies(&all), ["1", "2", "3"]);
    account.hide("q", &all[2].receipt, NOW).await.unwrap();
    account.hide("q", &all[0].receipt, NOW).await.unwrap();
    assert_eq!(bodies(&account.take("q").await), ["1", "3"]);
}

#[tokio::test(start_paused = true)]
async fn a_delay_holds_back_what_is_published_after_it_was_set() {
    let account = standard();
    account.send(message("t", "1")).await;
    account.set_delay("q", 10 * SECOND);
    account.send(message("t", "2")).await;
    assert_eq!(bodies(&account.take("q").await), ["1"]);
    assert_eq!(account.counts("q"), (0, 1, 1));
    advance(10 * SECOND).await;
    assert_eq!(bodies(&account.take("q").await), ["2"]);
}

#[tokio::test(start_paused = true)]
async fn a_delay_may_be_set_before_the_queue_is_planned() {
    let account = with([]);
    account.set_delay("q", SECOND);
    let mut hasty = plan("q", &[("t", "Happened")]);
    hasty.visibility = 2 * SECOND;
    account.check(&super::super::fixture::topology([hasty])).unwrap();
    account.send(message("t", "1")).await;
    assert!(account.take("q").await.is_empty());
    advance(SECOND).await;
    assert_eq!(account.take("q").await.len(), 1);
    advance(2 * SECOND).await;
    assert_eq!(account.take("q").await.len(), 1, "with the visibility of the plan");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_left_of_what_was_settled() {
    for (account, topic, queue) in [(standard(), "t", "q"), (fifo(), "t.fifo", "q.fifo")] {
        for i in 0..100 {
            account.send(message(topic, "1").keyed(&i.to_string())).await;
        }
        loop {
            let some = account.take(queue).await;
            if some.is_empty() {
                break;
            }
            for delivery in &some {
                account.ack(queue, delivery).await.unwrap();
            }
        }
        let mut account = account.lock();
        let queue = account.queues.get(queue).unwrap();
        assert!(queue.messages.len() == 0 && queue.timers.first().is_none() && queue.order.next(None).is_none());
    }
}

/// Whatever is done to a queue: nothing is lost or doubled, one message of a key is in hand at a time, and nothing of a
/// FIFO group is handed out before what came earlier is done with.
#[tokio::test(start_paused = true)]
async fn at_random() {
    for seed in 0..300 {
        let mut random = fastrand::Rng::with_seed(seed);
        let (account, topic, queue) = if seed % 2 == 0 { (standard(), "t", "q") } else { (fifo(), "t.fifo", "q.fifo") };
        let key_of = |number: usize| ["a", "b", "c"][number % 3];
        let mut sent = 0;
        let mut done = BTreeSet::new();
        let mut in_hand: Vec<(tokio::time::Instant, usize, Delivery)> = Vec::new();
        for _ in 0..200 {
            in_hand.retain(|(until, ..)| *until > tokio::time::Instant::now());
            let some = (!in_hand.is_empty()).then(|| random.usize(..in_hand.len()));
            match (random.u8(..8), some) {
                (0 | 1, _) => {
                    account.send(message(topic, &sent.to_string()).keyed(key_of(sent))).await;
                    sent += 1;
                }
                (2 | 3, _) => {
                    let received = account.receive(queue, random.usize(1..=10), NOW).await.unwrap();
                    let mut with: BTreeSet<usize> = BTreeSet::new();
                    for delivery in received {
                        let number: usize = bodies(std::slice::from_ref(&delivery))[0].parse().unwrap();
                        assert!(!done.contains(&number), "seed {seed}: {number} came again");
                        let mut others =
                            in_hand.iter().map(|(_, other, _)| *other).filter(|other| key_of(*other) == key_of(number));
                        let is_fifo = queue == "q.fifo";
                        assert!(others.all(|other| is_fifo && with.contains(&other)), "seed {seed}");
                        if is_fifo {
                            let dead: BTreeSet<usize> = dead(&account, queue);
                            let mut earlier = (0..number).filter(|other| key_of(*other) == key_of(number));
                            assert!(
                                earlier.all(|other| done.contains(&other)
                                    || dead.contains(&other)
                                    || with.contains(&other)),
                                "seed {seed}"
                            );
                        }
                        with.insert(number);
                        in_hand.push((tokio::time::Instant::now() + VISIBILITY, number, delivery));
                    }
                }
                (4, Some(some)) => {
                    let (_, number, delivery) = in_hand.swap_remove(some);
                    assert_eq!(account.ack(queue, &delivery).await, Ok(()), "seed {seed}");
                    done.insert(number);
                }
                (5, Some(some)) => {
                    let (_, number, delivery) = in_hand.swap_remove(some);
                    account.dead_letter(queue, &delivery, &DeadLetter::unreadable("no")).await.unwrap();
                    assert_eq!(account.ack(queue, &delivery).await, Ok(()), "seed {seed}");
                    assert!(dead(&account, queue).contains(&number));
                }
                (6, Some(some)) => {
                    let rest = [NOW, SECOND, VISIBILITY, 60 * SECOND][random.usize(..4)];
                    account.hide(queue, &in_hand[some].2.receipt, rest).await.unwrap();
                    if rest == VISIBILITY {
                        in_hand[some].0 = tokio::time::Instant::now() + VISIBILITY;
                    } else {
                        in_hand.swap_remove(some);
                    }
                }
                _ => advance(SECOND * random.u32(1..20)).await,
            }
            let held = account.depth(queue).total();
            assert_eq!(held + done.len() + account.dead_letters(queue).len(), sent, "seed {seed}");
        }
    }
}

fn dead(account: &super::super::MemoryTransport, queue: &str) -> BTreeSet<usize> {
    account.dead_letters(queue).iter().map(|letter| letter.body.as_ref().unwrap().parse().unwrap()).collect()
}
