//! What Melange logs in this process.

use std::sync::OnceLock;

use melange_tests::lines::Lines;

/// Collects from now on, at every level, what other tests of this process log too. The SDK is left out: at its lowest level
/// it logs bodies, and says so.
pub(crate) fn collect() -> Lines {
    static LOGS: OnceLock<Lines> = OnceLock::new();
    let begin = || {
        let logs = Lines::default();
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
