//! What Melange logs in this process.

use std::io;
use std::sync::{Arc, Mutex, OnceLock};

/// All that has been logged, at every level.
#[derive(Clone, Default)]
pub(crate) struct Logs(Arc<Mutex<Vec<u8>>>);

impl Logs {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl io::Write for Logs {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Collects from now on, what other tests of this process log too. The SDK is left out: at its lowest level it logs bodies,
/// and says so.
pub(crate) fn collect() -> Logs {
    static LOGS: OnceLock<Logs> = OnceLock::new();
    let begin = || {
        let logs = Logs::default();
        let writer = logs.clone();
        tracing_subscriber::fmt()
            .with_env_filter("melange=trace,melange_aws=trace")
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .init();
        logs
    };
    LOGS.get_or_init(begin).clone()
}
