//! The local AWS server: SNS and SQS by LocalStack, on a free port of 127.0.0.1, for as long as this process lives.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::problem::{Problem, Result};
use crate::{environment, python, ready, workspace};

/// The very first start also builds LocalStack's service catalog, which takes long on a slow machine.
const START_WITHIN: Duration = Duration::from_secs(180);
const STOP_WITHIN: Duration = Duration::from_secs(5);
const LOG_LINES_SHOWN: usize = 30;

/// `cargo xtask server`: a server for other shells. Ctrl-C ends this process, and with it the server.
pub(crate) fn keep_until_stopped() -> Result<()> {
    let mut server = Server::start()?;
    eprintln!("local AWS server is ready; Ctrl-C stops it. For another shell:");
    print!("{}", environment::shell_lines(&server.endpoint()));
    // Not `Child::wait`, which would close the pipe that keeps the server alive.
    loop {
        if let Some(problem) = server.has_ended() {
            return Err(problem);
        }
        thread::sleep(Duration::from_millis(200));
    }
}

/// A running server. Dropping it stops it.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
}

impl Server {
    /// Installs what is needed (once), starts the server and waits until it answers.
    pub(crate) fn start() -> Result<Self> {
        let source = workspace::root().join("xtask").join("local-aws");
        let folder = workspace::root().join("target").join("local-aws");
        let trouble = |what: &str, error: &std::io::Error| {
            Problem::new(
                format!("cannot {what} in {}: {error}", folder.display()),
                "make the folder writable, or delete it and try again",
            )
        };

        fs::create_dir_all(&folder).map_err(|error| trouble("make the server's folder", &error))?;
        // Two runs at once share the installation and the service catalog: one after the other until ready.
        let lock = File::create(folder.join("lock")).map_err(|error| trouble("make a lock", &error))?;
        lock.lock().map_err(|error| trouble("take the lock", &error))?;

        let python = python::with_packages(&folder, &source.join("requirements.txt"))?;
        let address = free_address().map_err(|error| trouble("find a free port for the server", &error))?;
        let log = folder.join("server.log");
        // Removed rather than emptied: a server of another run goes on writing to the file it has.
        fs::remove_file(&log).ok();
        let output = File::create(&log).map_err(|error| trouble("make server.log", &error))?;
        let errors = output.try_clone().map_err(|error| trouble("open server.log", &error))?;

        let mut command = launch_command(&python, &source.join("serve.py"), &folder, address);
        command.stdin(Stdio::piped()).stdout(output).stderr(errors);
        let child = command.spawn().map_err(|error| workspace::cannot_run(&command, &error))?;
        let mut server = Self { child, address, log };
        server.wait_until_ready()?;
        Ok(server)
    }

    /// Where the server answers, for example `http://127.0.0.1:40000`.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let deadline = Instant::now() + START_WITHIN;
        while Instant::now() < deadline {
            if let Some(problem) = self.has_ended() {
                return Err(problem);
            }
            if ready::answers(self.address) {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(100));
        }
        Err(self.failure(&format!("did not answer within {} s", START_WITHIN.as_secs())))
    }

    /// The problem, if the server is not running any more.
    pub(crate) fn has_ended(&mut self) -> Option<Problem> {
        match self.child.try_wait() {
            Ok(None) => None,
            Ok(Some(status)) => Some(self.failure(&format!("ended by itself ({status})"))),
            Err(error) => Some(self.failure(&format!("cannot be watched ({error})"))),
        }
    }

    fn failure(&self, what: &str) -> Problem {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let tail = lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..].join("\n  | ");
        Problem::new(
            format!("the local AWS server {what}; the end of {}:\n  | {tail}", self.log.display()),
            "delete target/local-aws and try again; that installs the server anew",
        )
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The server ends when its standard input does; the rest is for one that hangs.
        drop(self.child.stdin.take());
        let deadline = Instant::now() + STOP_WITHIN;
        while Instant::now() < deadline {
            match self.child.try_wait() {
                Ok(None) => thread::sleep(Duration::from_millis(20)),
                Ok(Some(_)) | Err(_) => return,
            }
        }
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn free_address() -> std::io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

fn launch_command(python: &Path, launcher: &Path, folder: &Path, address: SocketAddr) -> Command {
    let mut command = Command::new(python);
    command
        .arg(launcher)
        .current_dir(folder)
        // Nothing of the developer's environment, least of all an AWS account, reaches the server.
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .env("HOME", folder)
        .env("GATEWAY_LISTEN", address.to_string())
        .env("LOCALSTACK_HOST", address.to_string())
        .env("SERVICES", "sqs,sns")
        .env("STRICT_SERVICE_LOADING", "1")
        .env("EAGER_SERVICE_LOADING", "1")
        .env("SQS_ENDPOINT_STRATEGY", "path")
        .env("PROVIDER_OVERRIDE_SNS", "v2")
        // The service catalog is kept here: 5 s for the first start, 0.3 s for every other.
        .env("FILESYSTEM_ROOT", folder.join("state"))
        // Inside a container it would write to /var/lib otherwise.
        .env("OVERRIDE_IN_DOCKER", "0")
        // No telemetry, no download, no DNS server.
        .env("DISABLE_EVENTS", "1")
        .env("SKIP_SSL_CERT_DOWNLOAD", "1")
        .env("DNS_ADDRESS", "0")
        .env("LS_LOG", "warning");
    // Ctrl-C is for us; the server ends with us, by its standard input.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command
}
