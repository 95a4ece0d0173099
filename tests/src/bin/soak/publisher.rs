//! The process that publishes: several loops at a time on the standard topic, and one for each key of the FIFO topic, which
//! publishes the next event of its key once the one before was answered for.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use melange::{CancellationToken, MessagePublisher};
use melange_aws::Aws;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::events::{Job, KEYS, Step};
use crate::line::{Id, Line, tell_tasks};

/// Loops that publish on the standard topic.
const LOOPS: usize = 8;

/// Publishes until SIGTERM; then what was begun is ended.
pub(crate) async fn run() -> ExitCode {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return ExitCode::FAILURE };
    let publisher = MessagePublisher::new(Aws::from_env().await);
    let stop = CancellationToken::new();
    let next = Arc::new(AtomicU64::new(0));
    let mut loops = JoinSet::new();
    for _ in 0..LOOPS {
        loops.spawn(jobs(publisher.clone(), Arc::clone(&next), stop.clone()));
    }
    for key in 0..KEYS {
        loops.spawn(steps(publisher.clone(), key, stop.clone()));
    }
    tokio::select! {
        _ = terminate.recv() => {}
        () = tell_tasks("publisher") => {}
    }
    stop.cancel();
    loops.join_all().await;
    Line::Ended("publisher".to_owned(), "in order".to_owned()).say();
    ExitCode::SUCCESS
}

/// Up to ten at a time.
async fn jobs(publisher: MessagePublisher, next: Arc<AtomicU64>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let count = fastrand::u64(1..=10);
        let first = next.fetch_add(count, Ordering::Relaxed);
        let id = |number| Id { key: None, number };
        (first..first + count).for_each(|number| Line::Attempt(id(number)).say());
        let answers = publisher.publish_all((first..first + count).map(|number| Job { number })).await;
        for (number, _) in (first..).zip(answers).filter(|(_, answer)| answer.is_ok()) {
            Line::Acknowledged(id(number)).say();
        }
        sleep(Duration::from_millis(fastrand::u64(50..500))).await;
    }
}

/// One at a time, in order.
async fn steps(publisher: MessagePublisher, key: u64, stop: CancellationToken) {
    for number in 0.. {
        if stop.is_cancelled() {
            return;
        }
        let id = Id { key: Some(key), number };
        Line::Attempt(id).say();
        if publisher.publish(Step { key, number }).await.is_ok() {
            Line::Acknowledged(id).say();
        }
        sleep(Duration::from_millis(fastrand::u64(50..600))).await;
    }
}
