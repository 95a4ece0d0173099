use tokio::time::advance;

use super::super::fixture::{NOW, VISIBILITY, bodies, fifo, message, standard};
use super::*;
use crate::attributes::ORIGINAL_QUEUE;
use crate::transport::{DeadLetter, Transport, TransportErrorKind};

#[tokio::test(start_paused = true)]
async fn a_dead_letter_is_a_copy_with_the_reason_beside_it() {
    let account = standard();
    let sent = message("t", "the body").keyed("a");
    let event_id = sent.id();
    account.send(sent).await;
    let delivery = account.take_one("q").await;
    account.dead_letter("q", &delivery, &DeadLetter::given_up("ledger", "no such account")).await.unwrap();
    assert_eq!(account.counts("q"), (0, 1, 0), "the message itself is still to be deleted");
    assert_eq!(account.ack("q", &delivery).await, Ok(()));

    let letters = account.dead_letters("q");
    assert_eq!(letters.len(), 1);
    let letter = &letters[0];
    assert_eq!((letter.event_type.as_str(), &letter.event_id), ("Happened", &Some(event_id)));
    assert_eq!((letter.reason.as_str(), letter.subscriber.as_deref()), ("no such account", Some("ledger")));
    assert_eq!((letter.topic.as_str(), letter.key.as_deref()), ("t", Some("a")));
    assert_eq!((letter.body.as_deref(), letter.attempts), (Some("the body"), 1));
    assert_eq!(letter.attributes.text(ORIGINAL_QUEUE), Some("q"));
    assert_eq!(account.counts("q-dlq"), (1, 0, 0), "looking is not receiving");
}

#[tokio::test(start_paused = true)]
async fn each_subscriber_that_gives_up_leaves_its_own_letter() {
    let account = standard();
    account.send(message("t", "1")).await;
    let delivery = account.take_one("q").await;
    for subscriber in ["ledger", "mailer"] {
        account.dead_letter("q", &delivery, &DeadLetter::given_up(subscriber, "no")).await.unwrap();
    }
    let subscribers: Vec<_> = account.dead_letters("q").into_iter().filter_map(|letter| letter.subscriber).collect();
    assert_eq!(subscribers, ["ledger", "mailer"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_put_into_a_queue_that_was_deleted_stays_where_it_is() {
    let account = standard();
    account.send(message("t", "1")).await;
    let delivery = account.take_one("q").await;
    account.account().delete_queue("q-dlq").unwrap();
    let letter = DeadLetter::given_up("ledger", "no");
    let error = account.dead_letter("q", &delivery, &letter).await.unwrap_err();
    assert_eq!((error.kind(), account.counts("q")), (TransportErrorKind::NotFound, (0, 1, 0)));

    let account = standard();
    account.send(message("t", "1")).await;
    let delivery = account.take_one("q").await;
    account.dead_letter("q", &delivery, &letter).await.unwrap();
    account.account().delete_queue("q").unwrap();
    assert_eq!((account.redrive("q"), account.counts("q-dlq")), (0, (1, 0, 0)));
    let letter = account.take_one("q-dlq").await;
    let error = Transport::redrive(&account, "q", &letter, 1).await.unwrap_err();
    assert_eq!((error.kind(), account.counts("q-dlq")), (TransportErrorKind::NotFound, (0, 1, 0)));
}

#[tokio::test(start_paused = true)]
async fn nobody_buries_what_is_no_longer_in_hand() {
    let account = standard();
    account.send(message("t", "1")).await;
    let delivery = account.take_one("q").await;
    advance(VISIBILITY).await;
    let letter = DeadLetter::unreadable("no name");
    let error = account.dead_letter("q", &delivery, &letter).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::LeaseLost);
    assert!(account.dead_letters("q").is_empty());
    let error = account.dead_letter("nowhere", &delivery, &letter).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::NotFound);
}

#[tokio::test(start_paused = true)]
async fn redriven_letters_come_as_if_new_but_only_for_who_gave_them_up() {
    let account = standard();
    account.send(message("t", "1")).await;
    account.send(message("t", "2")).await;
    let first = account.take("q").await;
    account.dead_letter("q", &first[0], &DeadLetter::given_up("ledger", "no")).await.unwrap();
    account.dead_letter("q", &first[1], &DeadLetter::unreadable("no")).await.unwrap();
    for delivery in &first {
        account.ack("q", delivery).await.unwrap();
    }
    assert_eq!(account.redrive("q"), 2);
    assert_eq!(account.redrive("q"), 0);
    assert!(account.dead_letters("q").is_empty());

    let again = account.take("q").await;
    assert_eq!(bodies(&again), ["1", "2"]);
    for (delivery, subscriber) in again.iter().zip([Some("ledger"), None]) {
        assert_eq!(delivery.attempt, 1);
        let inbound = delivery.content.as_ref().unwrap();
        assert_eq!(inbound.topic.as_deref(), Some("t"));
        assert_eq!(inbound.attributes.text(SUBSCRIBER), subscriber);
        assert_eq!(inbound.attributes.text(EVENT_TYPE), Some("Happened"));
        assert_eq!((inbound.attributes.get(REASON), inbound.attributes.get(ORIGINAL_QUEUE)), (None, None));
    }
    assert_ne!(again[0].message_id, first[0].message_id);
    let id = |delivery: &crate::transport::Delivery| delivery.content.as_ref().unwrap().wrapper_id.clone();
    assert_eq!(id(&again[0]), id(&first[0]), "the event's id stays");
}

/// On AWS these are sent, and a queue delays what is sent to it.
#[tokio::test(start_paused = true)]
async fn letters_and_what_is_put_back_wait_for_the_delay_of_their_queue() {
    let account = standard();
    account.send(message("t", "1")).await;
    let delivery = account.take_one("q").await;
    for queue in ["q", "q-dlq"] {
        account.set_delay(queue, VISIBILITY);
    }
    account.dead_letter("q", &delivery, &DeadLetter::unreadable("no")).await.unwrap();
    account.ack("q", &delivery).await.unwrap();
    assert_eq!(account.counts("q-dlq"), (0, 0, 1));
    advance(VISIBILITY).await;
    assert_eq!((account.redrive("q"), account.counts("q")), (1, (0, 0, 1)));
    advance(VISIBILITY).await;
    assert_eq!(bodies(&account.take("q").await), ["1"]);
}

#[tokio::test(start_paused = true)]
async fn a_redrive_leaves_what_someone_has_in_hand() {
    let account = fifo();
    for body in ["1", "2"] {
        account.send(message("t.fifo", body).keyed(body)).await;
    }
    for delivery in account.take("q.fifo").await {
        account.dead_letter("q.fifo", &delivery, &DeadLetter::unreadable("no")).await.unwrap();
        account.ack("q.fifo", &delivery).await.unwrap();
    }
    let held = account.take_one("q-dlq.fifo").await;
    assert_eq!(account.redrive("q.fifo"), 1);
    assert_eq!(bodies(&account.take("q.fifo").await), ["2"]);
    assert_eq!(account.ack("q-dlq.fifo", &held).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn depth_follows_the_messages() {
    let account = standard();
    for body in ["1", "2", "3"] {
        account.send(message("t", body)).await;
    }
    assert_eq!(account.counts("q"), (3, 0, 0));
    let deliveries = account.receive("q", 2, NOW).await.unwrap();
    assert_eq!(account.counts("q"), (1, 2, 0));
    account.hide("q", &deliveries[0].receipt, Duration::from_secs(60)).await.unwrap();
    assert_eq!(account.counts("q"), (1, 1, 1));
    account.ack("q", &deliveries[1]).await.unwrap();
    assert_eq!(account.counts("q"), (1, 0, 1));
    assert_eq!(account.depth("q").total(), 2);
    advance(Duration::from_secs(60)).await;
    assert_eq!(account.counts("q"), (2, 0, 0));
    assert_eq!(account.depth("nowhere"), QueueDepth::default());
}

#[tokio::test(start_paused = true)]
async fn a_purge_takes_what_is_in_hand_too() {
    let account = standard();
    for body in ["1", "2", "3"] {
        account.send(message("t", body).keyed("a")).await;
    }
    let delivery = account.take_one("q").await;
    assert_eq!((account.purge("q"), account.purge("q"), account.purge("nowhere")), (3, 0, 0));
    assert_eq!(account.hide("q", &delivery.receipt, VISIBILITY).await, Err(TransportErrorKind::LeaseLost));
    assert_eq!(account.ack("q", &delivery).await, Ok(()));
    account.send(message("t", "4").keyed("a")).await;
    assert_eq!(bodies(&account.take("q").await), ["4"], "the key is free");
}

#[tokio::test(start_paused = true)]
async fn debug_never_shows_what_is_in_a_message() {
    let account = standard();
    account.send(message("t", "a secret").keyed("a secret")).await;
    let delivery = account.take_one("q").await;
    account.dead_letter("q", &delivery, &DeadLetter::unreadable("no")).await.unwrap();
    let shown = format!("{account:?} {:?} {:?}", account.dead_letters("q"), account.depth("q"));
    assert!(!shown.contains("secret"), "{shown}");
}

#[test]
fn no_runtime_is_needed_to_look() {
    let account = standard();
    assert_eq!((account.counts("q"), account.dead_letters("q").len(), account.redrive("q")), ((0, 0, 0), 0, 0));
}
