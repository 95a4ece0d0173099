//! The processes that the conductor starts, signals, kills and starts again.

use std::io::{self, PipeWriter};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use melange_aws_stub::REGION;
use tokio::time::sleep;

/// A process; killed when dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
}

impl Process {
    /// This program in the role that `args` say, with AWS at `endpoint`; what it says goes to `out`.
    pub(crate) fn start(args: &[&str], endpoint: &str, out: &PipeWriter) -> io::Result<Self> {
        let child = Command::new(std::env::current_exe()?)
            .args(args)
            .envs([("AWS_ENDPOINT_URL", endpoint), ("AWS_REGION", REGION), ("AWS_EC2_METADATA_DISABLED", "true")])
            .envs([("AWS_ACCESS_KEY_ID", "AKIASTUBSTUBSTUBSTUB"), ("AWS_SECRET_ACCESS_KEY", "stub-secret")])
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .spawn()?;
        Ok(Self { child })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends this signal, as `kill` names it.
    pub(crate) fn signal(&self, name: &str) {
        let _ = Command::new("kill").arg(format!("-{name}")).arg(self.id().to_string()).status();
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    /// Tells it to stop, and waits for its end; `None` if that takes longer than `patience`.
    pub(crate) async fn stop(mut self, patience: Duration) -> Option<ExitStatus> {
        self.signal("TERM");
        let begun = Instant::now();
        while begun.elapsed() < patience {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            sleep(Duration::from_millis(20)).await;
        }
        None
    }

    /// Whether it has ended without being told to.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_some())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
