//! Trying again: when.

use melange::{MemoryTransport, subscribers};
use melange_tests::until;

use crate::{Log, MINUTE, OrderPlaced, backing_off, publish, running, steady};

#[tokio::test(start_paused = true)]
async fn retries_come_when_the_backoff_says() {
    let (account, log) = (MemoryTransport::new(), Log::new());
    let bus = running(&account, subscribers![steady], &log).await;
    publish(&account, OrderPlaced { number: 1 }).await;
    until("it is given up", || bus.metrics().dead_lettered == 1).await;
    assert_eq!((bus.metrics().retried, bus.metrics().failed_runs, bus.metrics().dead_letters), (3, 4, 1));
    let times = log.times("steady");
    let gaps: Vec<u64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.len() == 3 && gaps.iter().all(|gap| (2_000..2_100).contains(gap)), "{gaps:?}");
    let letters = account.dead_letters("billing");
    assert_eq!((letters[0].reason.as_str(), letters[0].attempts), ("the bank is closed", 4));
    assert_eq!(letters[0].subscriber.as_deref(), Some("steady"));
    bus.shutdown(MINUTE).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn retries_are_spread_between_the_shortest_wait_and_twice_as_much_each_time() {
    let mut spread = Vec::new();
    for _ in 0..10 {
        let (account, log) = (MemoryTransport::new(), Log::new());
        let bus = running(&account, subscribers![backing_off], &log).await;
        publish(&account, OrderPlaced { number: 1 }).await;
        until("it is given up", || bus.metrics().dead_lettered == 1).await;
        let times = log.times("backing off");
        assert_eq!(times.len(), 8);
        for (n, pair) in (1_u32..).zip(times.windows(2)) {
            let (gap, most) = (pair[1] - pair[0], 1_000 * 2_u64.pow(n).min(20));
            assert!((1_000..most + 100).contains(&gap), "{gap} ms before retry {n}");
        }
        spread.push(times[7]);
        bus.shutdown(MINUTE).await.unwrap();
    }
    spread.dedup();
    assert!(spread.len() > 5, "those that failed together come back together: {spread:?}");
}
