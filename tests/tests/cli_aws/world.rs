//! An account, and programs that run against it.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use aws_config::SdkConfig;
use melange_aws_stub::{REGION, Stub};
use melange_tests::ran::Ran;
use melange_tests::server;

/// Longest anything is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// An account, in the stub or the local server.
pub(crate) struct World {
    endpoint: String,
    prefix: String,
    config: SdkConfig,
    pub(crate) stub: Option<Stub>,
}

impl World {
    /// With the topics of the program.
    pub(crate) async fn stub() -> Self {
        let stub = Stub::start().await;
        for topic in ["orders", "parcels", "seats.fifo"] {
            stub.create_topic(topic);
        }
        Self { endpoint: stub.endpoint(), prefix: String::new(), config: stub.sdk_config(), stub: Some(stub) }
    }

    /// With a prefix of its own, and its topics.
    pub(crate) async fn server() -> Self {
        let (config, prefix) = (server::config().await, server::unique());
        let sns = aws_sdk_sns::Client::new(&config);
        for topic in ["orders", "parcels"] {
            sns.create_topic().name(format!("{prefix}{topic}")).send().await.unwrap();
        }
        sns.create_topic().name(format!("{prefix}seats.fifo")).attributes("FifoTopic", "true").send().await.unwrap();
        Self { endpoint: server::endpoint(), prefix, config, stub: None }
    }

    pub(crate) fn stub_itself(&self) -> &Stub {
        self.stub.as_ref().expect("it is a stub")
    }

    pub(crate) fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&self.config)
    }

    fn sns(&self) -> aws_sdk_sns::Client {
        aws_sdk_sns::Client::new(&self.config)
    }

    /// The name of a queue in the account.
    pub(crate) fn named(&self, queue: &str) -> String {
        format!("{}{queue}", self.prefix)
    }

    pub(crate) fn topic_arn(&self, topic: &str) -> String {
        format!("arn:aws:sns:{REGION}:000000000000:{}{topic}", self.prefix)
    }

    pub(crate) fn queue_arn(&self, queue: &str) -> String {
        format!("arn:aws:sqs:{REGION}:000000000000:{queue}")
    }

    /// The queues of `tail`s, by their names.
    pub(crate) async fn tails(&self) -> Vec<String> {
        let prefix = format!("{}melange-tail-", self.prefix);
        let listed = self.sqs().list_queues().queue_name_prefix(&prefix).send().await.unwrap();
        listed.queue_urls().iter().map(|url| url.rsplit('/').next().unwrap().to_owned()).collect()
    }

    /// The ARNs of the queues that are subscribed to `topic`.
    pub(crate) async fn subscribed(&self, topic: &str) -> Vec<String> {
        let request = self.sns().list_subscriptions_by_topic().topic_arn(self.topic_arn(topic));
        let listed = request.send().await.unwrap();
        listed.subscriptions().iter().map(|one| one.endpoint().unwrap().to_owned()).collect()
    }

    /// A queue that a `tail` could have left behind, whose last sign of life was so many seconds ago; `None` for a queue
    /// of somebody else who likes the name.
    pub(crate) async fn left_behind(&self, name: &str, seconds: Option<u64>) -> String {
        let name = format!("{}melange-tail-{name}", self.prefix);
        let mut request = self.sqs().create_queue().queue_name(&name);
        if let Some(seconds) = seconds {
            let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
            request = request
                .tags("melange:tail-topic", self.topic_arn("orders"))
                .tags("melange:tail-alive", (now - seconds).to_string());
        }
        request.send().await.unwrap();
        let request = self.sns().subscribe().topic_arn(self.topic_arn("orders")).protocol("sqs");
        request.endpoint(self.queue_arn(&name)).send().await.unwrap();
        name
    }

    pub(crate) fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cli_aws"));
        command
            .args(arguments)
            .envs([("AWS_ENDPOINT_URL", self.endpoint.as_str()), ("AWS_REGION", REGION), ("PREFIX", &self.prefix)])
            .envs([("AWS_ACCESS_KEY_ID", "AKIASTUBSTUBSTUBSTUB"), ("AWS_SECRET_ACCESS_KEY", "stub-secret")])
            .env("AWS_EC2_METADATA_DISABLED", "true");
        command
    }

    /// `cli_aws melange ARGS`, to its end.
    pub(crate) async fn ran(&self, arguments: &[&str]) -> Ran {
        let arguments: Vec<&str> = std::iter::once("melange").chain(arguments.iter().copied()).collect();
        let mut command = self.program(&arguments);
        tokio::task::spawn_blocking(move || Ran::of(&mut command)).await.unwrap()
    }

    /// `cli_aws ARGS`, going on.
    pub(crate) fn started(&self, arguments: &[&str]) -> Running {
        Running::of(&mut self.program(arguments))
    }

    /// A `tail` that listens.
    pub(crate) fn tail(&self, arguments: &[&str]) -> Running {
        let arguments: Vec<&str> = ["melange", "tail"].into_iter().chain(arguments.iter().copied()).collect();
        let running = self.started(&arguments);
        running.said_until(|line| line.starts_with("listening"));
        running
    }

    pub(crate) async fn publish(&self, event: &str, json: &str) {
        let ran = self.ran(&["publish", event, "--json", json]).await;
        assert_eq!(ran.code, Some(0), "{ran:?}");
    }
}

/// A program that runs; killed when dropped.
pub(crate) struct Running {
    child: Child,
    out: Receiver<String>,
    err: Receiver<String>,
}

impl Running {
    fn of(command: &mut Command) -> Self {
        let piped = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().expect("the program starts");
        let out = lines(child.stdout.take().expect("it is piped"));
        let err = lines(child.stderr.take().expect("it is piped"));
        Self { child, out, err }
    }

    /// The next line on standard output.
    pub(crate) fn line(&self) -> String {
        next(&self.out).unwrap_or_else(|| panic!("it has ended; it said {:?}", self.err.try_iter().collect::<Vec<_>>()))
    }

    /// Lines on standard error, as far as one that `is_last`.
    pub(crate) fn said_until(&self, is_last: impl Fn(&str) -> bool) -> Vec<String> {
        let mut said = Vec::new();
        while let Some(line) = next(&self.err) {
            let last = is_last(&line);
            said.push(line);
            if last {
                return said;
            }
        }
        panic!("it has ended; it said {said:?}");
    }

    /// Nobody reads its output any more.
    pub(crate) fn stop_reading(&mut self) {
        let (_, nothing) = channel();
        self.out = nothing;
    }

    pub(crate) fn signal(&self, name: &str) {
        let kill = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(kill.expect("there is `kill`").success());
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it is dead");
    }

    /// Waits until it ends by itself: how, and what it had still said on standard output and standard error.
    pub(crate) fn ended(mut self) -> (ExitStatus, Vec<String>, Vec<String>) {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("it can be asked") {
                break status;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not end");
            std::thread::sleep(Duration::from_millis(10));
        };
        let rest = |lines: &Receiver<String>| std::iter::from_fn(|| next(lines)).collect();
        (status, rest(&self.out), rest(&self.err))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn next(lines: &Receiver<String>) -> Option<String> {
    match lines.recv_timeout(PATIENCE) {
        Ok(line) => Some(line),
        Err(RecvTimeoutError::Disconnected) => None,
        Err(RecvTimeoutError::Timeout) => panic!("it says nothing any more"),
    }
}

/// Closed when nobody takes them any more.
fn lines(from: impl Read + Send + 'static) -> Receiver<String> {
    let (send, lines) = channel();
    let from = BufReader::new(from);
    std::thread::spawn(move || from.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
    lines
}
