use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::super::fixture::{NOW, bodies, message, plan, topology};
use super::*;
use crate::transport::Transport;

const COUNT: usize = 200;

/// `COUNT` messages with a few keys, in a standard queue and in a FIFO queue, received and deleted: the bodies as they came,
/// and how many each receive brought.
async fn run(account: MemoryTransport) -> BTreeMap<&'static str, (Vec<usize>, Vec<usize>)> {
    account.check(&topology([plan("q", &[("t", "Happened")]), plan("q.fifo", &[("t.fifo", "Happened")])])).unwrap();
    for number in 0..COUNT {
        for topic in ["t", "t.fifo"] {
            account.send(message(topic, &number.to_string()).keyed(&(number % 7).to_string())).await;
        }
    }
    let mut came: BTreeMap<&str, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for queue in ["q", "q.fifo"] {
        let (numbers, sizes) = came.entry(queue).or_default();
        loop {
            let received = account.receive(queue, 10, Duration::from_secs(60)).await.unwrap();
            if received.is_empty() {
                break;
            }
            numbers.extend(bodies(&received).iter().map(|body| body.parse::<usize>().unwrap()));
            sizes.push(received.len());
            for delivery in &received {
                account.ack(queue, delivery).await.unwrap();
            }
        }
    }
    came
}

fn seeded(seed: u64) -> MemoryTransport {
    MemoryTransport::builder().seed(seed).shuffled().duplicates(0.1).build()
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_brings_the_same_and_another_another() {
    let (first, again, other) = (run(seeded(7)).await, run(seeded(7)).await, run(seeded(8)).await);
    assert_eq!(first, again);
    assert_ne!(first["q"], other["q"]);
    assert_ne!(first["q.fifo"], other["q.fifo"]);
}

#[tokio::test(start_paused = true)]
async fn shuffled_is_in_any_order_and_whole() {
    let came = run(MemoryTransport::builder().seed(3).shuffled().build()).await;
    let (numbers, sizes) = &came["q"];
    assert!(!numbers.is_sorted() && numbers.len() == COUNT);
    assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), COUNT);
    assert!(sizes.contains(&1) && sizes.contains(&10), "any number at a time");
    let of_a_key: Vec<usize> = numbers.iter().copied().filter(|number| number % 7 == 0).collect();
    assert!(!of_a_key.is_sorted(), "keys are no order on a standard queue");
    let (numbers, _) = &came["q.fifo"];
    assert_eq!(numbers.len(), COUNT);
    for key in 0..7 {
        let of_a_key: Vec<usize> = numbers.iter().copied().filter(|number| number % 7 == key).collect();
        assert!(of_a_key.is_sorted(), "of a group in order");
    }
    assert!(!numbers.is_sorted());
}

#[tokio::test(start_paused = true)]
async fn duplicates_come_under_the_same_id_and_in_fifo_queues_never() {
    let account = MemoryTransport::builder().seed(1).duplicates(1.0).build();
    account.check(&topology([plan("q", &[("t", "Happened")])])).unwrap();
    account.send(message("t", "1")).await;
    let first = account.receive("q", 1, NOW).await.unwrap().remove(0);
    account.ack("q", &first).await.unwrap();
    let second = account.receive("q", 10, Duration::from_secs(60)).await.unwrap().remove(0);
    assert_eq!((&first.message_id, second.attempt), (&second.message_id, 1));
    assert_eq!(bodies(&[second]), ["1"], "again, though the first was deleted");

    let came = run(MemoryTransport::builder().seed(1).duplicates(0.5).build()).await;
    let twice = came["q"].0.len() - COUNT;
    assert!((COUNT * 3 / 10..COUNT * 7 / 10).contains(&twice), "{twice}");
    assert_eq!(came["q"].0.iter().collect::<BTreeSet<_>>().len(), COUNT);
    assert_eq!(came["q.fifo"].0.len(), COUNT);
}

#[tokio::test(start_paused = true)]
async fn by_default_nothing_is_left_to_chance() {
    for account in [MemoryTransport::new(), MemoryTransport::builder().seed(9).build()] {
        let came = run(account).await;
        let (numbers, _) = &came["q"];
        assert_eq!(numbers.len(), COUNT);
        for key in 0..7 {
            assert!(numbers.iter().filter(|number| *number % 7 == key).is_sorted());
        }
    }
    for share in [f64::NAN, -1.0, 0.0] {
        assert_eq!(run(MemoryTransport::builder().duplicates(share).build()).await["q"].0.len(), COUNT);
    }
}
