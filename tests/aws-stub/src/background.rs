//! A thread with a runtime of its own, so that a server answers whatever the test's runtime does.

use std::io;
use std::thread::JoinHandle;

use tokio_util::sync::CancellationToken;

/// Runs until it is dropped. Tasks and connections that are open then are dropped with it.
#[derive(Debug)]
pub(crate) struct Background {
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Background {
    pub(crate) fn spawn(work: impl Future<Output = ()> + Send + 'static) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let thread = std::thread::Builder::new().name("aws-stub".to_owned()).spawn(move || {
            runtime.block_on(async move {
                tokio::select! {
                    () = work => {}
                    () = stopped.cancelled() => {}
                }
            });
        })?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            // It ends at once. If it panicked, whoever waited for an answer has found out.
            let _ = thread.join();
        }
    }
}
