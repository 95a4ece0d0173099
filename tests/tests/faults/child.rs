//! Child processes: `fault_worker`, signals to it, and the lines it writes.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use melange_aws_stub::{REGION, Stub};

/// Longest anything is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

/// A running `fault_worker`; killed when dropped.
pub(crate) struct Process {
    child: Child,
    lines: Receiver<String>,
}

impl Process {
    /// Starts it against `stub`; the first line it writes is awaited and must be `ready`.
    pub(crate) fn start(stub: &Stub, args: &[&str]) -> Self {
        let process = Self::at(&stub.endpoint(), args);
        assert_eq!(process.lines.recv_timeout(PATIENCE).as_deref(), Ok("ready"));
        process
    }

    /// Starts it against this address.
    pub(crate) fn at(endpoint: &str, args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_fault_worker"))
            .args(args)
            .envs([("AWS_ENDPOINT_URL", endpoint), ("AWS_REGION", REGION), ("AWS_EC2_METADATA_DISABLED", "true")])
            .envs([("AWS_ACCESS_KEY_ID", "AKIASTUBSTUBSTUBSTUB"), ("AWS_SECRET_ACCESS_KEY", "stub-secret")])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the worker starts");
        let out = BufReader::new(child.stdout.take().expect("its output is piped"));
        let (send, lines) = channel();
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
        Self { child, lines }
    }

    /// The next line; `None` once it has ended.
    pub(crate) fn line(&self) -> Option<String> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("the child process says nothing any more"),
        }
    }

    /// As many lines as there are when one is `last`, that one included.
    pub(crate) fn lines_until(&self, mut last: impl FnMut(&str) -> bool) -> Vec<String> {
        let mut lines = Vec::new();
        while let Some(line) = self.line() {
            let is_last = last(&line);
            lines.push(line);
            if is_last {
                return lines;
            }
        }
        panic!("the child process has ended after {lines:?}");
    }

    /// Sends this signal, as `kill` names it.
    pub(crate) fn signal(&self, name: &str) {
        let kill = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(kill.expect("there is `kill`").success());
    }

    /// `kill -9`, and all that it had still written.
    pub(crate) fn kill(mut self) -> Vec<String> {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it is dead");
        std::iter::from_fn(|| self.line()).collect()
    }

    /// Waits until it ends by itself: how, within which time, and what it had still written.
    pub(crate) fn ended(mut self) -> (ExitStatus, Duration, Vec<String>) {
        let begun = Instant::now();
        let lines = std::iter::from_fn(|| self.line()).collect();
        let status = self.child.wait().expect("it has ended");
        (status, begun.elapsed(), lines)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
