//! The runtime API of Lambda in the process, on a loopback port: it hands invocations to a function and takes its answers,
//! as Lambda does.
//!
//! ```no_run
//! use melange_lambda_stub::{Answer, Runtime};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let runtime = Runtime::start().await?;
//! let _function = tokio::process::Command::new("target/debug/examples/lambda_sqs")
//!     .envs(runtime.environment())
//!     .kill_on_drop(true)
//!     .spawn()?;
//! let answer = runtime.invoke(r#"{"Records": []}"#).await;
//! assert!(matches!(answer, Answer::Response(_)));
//! # Ok(())
//! # }
//! ```
//!
//! Source: the Lambda developer guide, "Using the Lambda runtime API". One invocation is under way at a time; what the
//! function has not answered by its deadline is over, as if Lambda had killed it, and an answer that comes later is refused.

mod invocation;
mod server;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use invocation::Answer;

use invocation::Desk;

/// The timeout of a function, unless said otherwise.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The runtime API, until it is dropped.
#[derive(Debug)]
pub struct Runtime {
    address: SocketAddr,
    desk: Arc<Desk>,
    server: JoinHandle<()>,
}

impl Runtime {
    /// Starts it on a free port of 127.0.0.1. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// If there is no port to be had.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let (address, desk) = (listener.local_addr()?, Arc::new(Desk::default()));
        let server = tokio::spawn(server::run(listener, Arc::clone(&desk)));
        Ok(Self { address, desk, server })
    }

    /// What Lambda puts into a function's environment.
    #[must_use]
    pub fn environment(&self) -> [(&'static str, String); 6] {
        [
            ("AWS_LAMBDA_RUNTIME_API", self.address.to_string()),
            ("AWS_LAMBDA_FUNCTION_NAME", "function".to_owned()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128".to_owned()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/function".to_owned()),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "local".to_owned()),
        ]
    }

    /// Waits until the function has started, and asked for its first invocation.
    pub async fn ready(&self) {
        self.desk.asked().await;
    }

    /// Invokes the function with 30 seconds to answer, and waits for it.
    pub async fn invoke(&self, payload: impl Into<String>) -> Answer {
        self.invoke_within(TIMEOUT, payload).await
    }

    /// Invokes the function with so long to answer, and waits for it.
    pub async fn invoke_within(&self, time: Duration, payload: impl Into<String>) -> Answer {
        self.desk.invoke(payload.into(), time).await
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        self.server.abort();
    }
}
