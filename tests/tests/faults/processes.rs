//! Processes that die, or stand still.

use std::time::Duration;

use melange::{EventId, MessagePublisher};
use melange_aws_stub::{Fault, Stub};

use crate::child::{PATIENCE, Process};
use crate::counts::Counts;
use crate::events::{Job, jobs};
use crate::service::{WORKERS, aws, queue, started, stop, until, workers};

/// Counts what a worker says is done.
pub(crate) fn note(counts: &Counts, lines: &[String]) {
    for line in lines {
        if let ["done", number, id, _] = line.split(' ').collect::<Vec<_>>().as_slice() {
            counts.receive(number.parse().unwrap(), &EventId::from_text(id));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_01_crash_after_handling_before_the_delete() {
    let (stub, counts) = (Stub::start().await, Counts::default());
    let worker = Process::start(&stub, &["consume", "30", "5"]);
    // So that it certainly dies in between.
    let deletes = stub.inject(Fault::hang().on("DeleteMessageBatch"));
    counts.publish(&MessagePublisher::new(aws(&stub)), jobs(0..10)).await;
    let mut done = 0;
    let mut first = worker.lines_until(|line| {
        done += usize::from(line.starts_with("done"));
        done == 10
    });
    first.extend(worker.kill());
    note(&counts, &first);
    deletes.remove();

    let worker = Process::start(&stub, &["consume", "30", "5"]);
    stub.advance(Duration::from_secs(31));
    let mut done = 0;
    let again = worker.lines_until(|line| {
        assert!(!line.starts_with("done") || line.ends_with(" 2"), "it is the second attempt: {line}");
        done += usize::from(line.starts_with("done"));
        done == 10
    });
    note(&counts, &again);
    // The same event ids came again: the check looks.
    assert_eq!(counts.check(1).duplicated, 10);
    assert!(stub.until(PATIENCE, |stub| stub.messages_in(WORKERS).is_empty()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn row_03_crash_in_the_middle_of_publishing() {
    let (stub, counts) = (Stub::start().await, Counts::default());
    let bus = started(workers(queue(&stub, WORKERS, Duration::from_secs(30)), &counts)).await;
    stub.inject(Fault::delay(Duration::from_millis(30)).on("PublishBatch").chance(0.5, 3));
    for round in 0..6 {
        // Numbers of its own: what was on its way when its publisher died may arrive during the next round.
        let first = round * 1_000_000;
        let publisher = Process::start(&stub, &["publish", &first.to_string()]);
        let mut lines = publisher.lines_until(|line| line == format!("attempt {}", first + 99));
        // Its requests are on their way, arrive, or are being answered.
        tokio::time::sleep(Duration::from_millis(round * 7)).await;
        lines.extend(publisher.kill());
        for line in &lines {
            match line.split(' ').collect::<Vec<_>>().as_slice() {
                ["attempt", number] => counts.attempt(number.parse().unwrap()),
                ["ok", number] => counts.acknowledge(number.parse().unwrap()),
                _ => {}
            }
        }
        until("all that was acknowledged is handled", || counts.is_complete()).await;
        // What was not is either handled or not there.
        until("nothing is left", || stub.messages_in(WORKERS).is_empty()).await;
        counts.check(3);
    }
    stop(bus).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_07_stopped_for_longer_than_the_visibility() {
    let (stub, counts) = (Stub::start().await, Counts::default());
    let publisher = MessagePublisher::new(aws(&stub));
    // It gets ten, asks for more, and is stopped. What comes then is given to its open poll: it will read it much too late.
    let stopped = Process::start(&stub, &["hold", "2", "5"]);
    counts.publish(&publisher, jobs(0..10)).await;
    let (mut began, mut cancelled) = (0, 0);
    let mut heard = |line: &str| {
        began += usize::from(line.starts_with("began"));
        cancelled += usize::from(line.starts_with("cancelled"));
        (began, cancelled)
    };
    stopped.lines_until(|line| heard(line).0 == 10);
    assert!(stub.until(PATIENCE, a_poll_is_open).await);
    stopped.signal("STOP");
    counts.publish(&publisher, jobs(10..20)).await;
    assert!(stub.until(PATIENCE, |stub| !a_poll_is_open(stub)).await, "the poll was answered");
    // Its leases end meanwhile, and the other gets what it had.
    let other = Process::start(&stub, &["consume", "2", "5"]);
    assert!(stub.until(PATIENCE, |stub| stub.messages_in(WORKERS).is_empty()).await);
    stopped.signal("CONT");
    // It gives up what it had, and what it reads only now.
    stopped.lines_until(|line| {
        let (began, cancelled) = heard(line);
        began > 10 && cancelled == began
    });
    // Nothing of that is an error when it stops: there was nothing left to hand back.
    let leases_lost = finish(&counts, [stopped, other]);
    assert!(leases_lost > 10, "what came too late is counted: {leases_lost}");
}

/// Whether some poll waits for messages.
pub(crate) fn a_poll_is_open(stub: &Stub) -> bool {
    stub.calls_of("ReceiveMessage").iter().any(|call| call.answered.is_none())
}

#[tokio::test(flavor = "multi_thread")]
async fn row_07_frozen_together_with_its_clock() {
    let (stub, counts) = (Stub::start().await, Counts::default());
    let frozen = Process::start(&stub, &["consume", "30", "5"]);
    let other = Process::start(&stub, &["consume", "30", "5"]);
    let jobs = (0..20).map(|number| Job { number, takes_ms: 300, ..Job::default() });
    counts.publish(&MessagePublisher::new(aws(&stub)), jobs).await;
    frozen.lines_until(|line| line.starts_with("began"));
    frozen.signal("STOP");
    // As a machine that is suspended: when it goes on, its clock knows of nothing.
    stub.advance(Duration::from_secs(31));
    tokio::time::sleep(Duration::from_secs(1)).await;
    frozen.signal("CONT");
    assert!(stub.until(PATIENCE, |stub| stub.messages_in(WORKERS).is_empty()).await);
    finish(&counts, [frozen, other]);
}

/// Ends the workers, the first of which was held up, counts what they have done, and says how many leases that one lost.
fn finish(counts: &Counts, workers: [Process; 2]) -> u64 {
    let mut leases_lost = Vec::new();
    for worker in workers {
        worker.signal("TERM");
        let (status, _, lines) = worker.ended();
        assert!(status.success(), "{lines:?}");
        note(counts, &lines);
        let last = lines.last().and_then(|line| line.split(' ').next_back()?.parse().ok());
        leases_lost.push(last.expect("it says how it ended"));
    }
    let tally = counts.check(7);
    assert!(tally.duplicated <= 20, "{tally}");
    leases_lost[0]
}
