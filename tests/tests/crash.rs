//! A worker is killed with SIGKILL in the middle of 200 messages, twice. Every acknowledged event must have its effect at
//! least once.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use melange::MessagePublisher;
use melange_aws::Aws;
use melange_tests::server;
use serde::{Deserialize, Serialize};

const MESSAGES: u64 = 200;

/// The same event as the worker's, as another service would have it.
#[derive(Serialize, Deserialize, melange::Event)]
#[event(topic = "jobs")]
struct Job {
    number: u64,
}

struct Worker {
    process: Child,
    lines: Receiver<String>,
}

impl Worker {
    /// One that handles so many, and holds what it gets then.
    fn start(prefix: &str, messages: u64) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_crash_worker"))
            .args([prefix, &messages.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the worker starts");
        let out = BufReader::new(process.stdout.take().expect("its output is piped"));
        let (send, lines) = channel();
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
        let worker = Self { process, lines };
        assert_eq!(worker.lines.recv_timeout(Duration::from_secs(60)).as_deref(), Ok("ready"));
        worker
    }

    /// Notes what is handled until `enough` says so, or nothing has come for `patience`.
    fn note(&self, handled: &mut HashMap<u64, u32>, patience: Duration, enough: impl Fn(&HashMap<u64, u32>) -> bool) {
        while !enough(handled) {
            let Ok(line) = self.lines.recv_timeout(patience) else { return };
            *handled.entry(line.parse().expect("a number")).or_default() += 1;
        }
    }

    /// `kill -9`, then what it had still written.
    fn kill(mut self, handled: &mut HashMap<u64, u32>) {
        self.process.kill().expect("it can be killed");
        self.process.wait().expect("it is dead");
        self.note(handled, Duration::from_secs(60), |_| false);
    }
}

#[tokio::test]
#[ignore = "needs the local AWS server: run `cargo xtask test`"]
async fn killed_in_the_middle_nothing_is_lost() {
    let prefix = server::unique();
    let mut handled = HashMap::new();

    let worker = Worker::start(&prefix, 60);
    let publisher = MessagePublisher::new(Aws::from_config(&server::config().await).prefix(&prefix));
    let mut acknowledged = Vec::new();
    for (number, answer) in (0..).zip(publisher.publish_all((0..MESSAGES).map(|number| Job { number })).await) {
        if answer.is_ok() {
            acknowledged.push(number);
        }
    }
    worker.note(&mut handled, Duration::from_secs(60), |handled| handled.len() >= 40);
    worker.kill(&mut handled);
    let before = handled.len();
    assert!(before < acknowledged.len(), "it was killed in the middle: {before} were handled");

    let worker = Worker::start(&prefix, 100);
    worker.note(&mut handled, Duration::from_secs(60), |handled| handled.len() >= before + 40);
    worker.kill(&mut handled);

    let begun = Instant::now();
    let worker = Worker::start(&prefix, u64::from(u32::MAX));
    worker.note(&mut handled, Duration::from_secs(60), |handled| acknowledged.iter().all(|n| handled.contains_key(n)));
    let took = begun.elapsed();
    worker.kill(&mut handled);

    let lost: Vec<_> = acknowledged.iter().filter(|number| !handled.contains_key(number)).collect();
    let unexpected = handled.keys().filter(|number| **number >= MESSAGES).count();
    let duplicated = handled.values().filter(|count| **count > 1).count();
    println!(
        "acknowledged {}, handled {}, duplicated {duplicated}, lost {}, unexpected {unexpected}; the rest took {took:?}",
        acknowledged.len(),
        handled.len(),
        lost.len()
    );
    assert_eq!(acknowledged.len() as u64, MESSAGES);
    assert!(lost.is_empty(), "lost: {lost:?}");
    assert_eq!(unexpected, 0);
}
