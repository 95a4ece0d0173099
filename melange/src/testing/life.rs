//! One process in a test: a bus from its start to its crash.

use std::sync::{Arc, OnceLock, Weak};

use tokio_util::sync::CancellationToken;

use super::journal::Journal;
use crate::consumer::Engine;
use crate::transport::{TransportError, TransportErrorKind};

tokio::task_local! {
    /// Whose handler runs here: what it publishes, by whatever publisher, dies with it.
    static OF_HANDLER: Arc<Life>;
}

/// One process: a bus from its start to its crash.
pub(super) struct Life {
    name: String,
    journal: Arc<Journal>,
    dead: CancellationToken,
    why: OnceLock<String>,
    engine: OnceLock<Weak<Engine>>,
}

impl Life {
    pub(super) fn new(name: &str, journal: Arc<Journal>) -> Arc<Self> {
        let (dead, why, engine) = (CancellationToken::new(), OnceLock::new(), OnceLock::new());
        Arc::new(Self { name: name.to_owned(), journal, dead, why, engine })
    }

    /// The life whose handler runs here.
    pub(super) fn of_handler() -> Option<Arc<Self>> {
        OF_HANDLER.try_with(Arc::clone).ok()
    }

    /// Runs a handler of this life; `None` when it is over before the handler is.
    pub(super) async fn run<T>(self: &Arc<Self>, handler: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            // What the handler does last is to die: it does not get to know.
            biased;
            () = self.dead.cancelled() => None,
            done = OF_HANDLER.scope(Arc::clone(self), handler) => Some(done),
        }
    }

    pub(super) fn lives_as(&self, engine: &Arc<Engine>) {
        let _ = self.engine.set(Arc::downgrade(engine));
    }

    /// The engine, as long as anybody has its bus.
    pub(super) fn engine(&self) -> Option<Arc<Engine>> {
        self.engine.get().and_then(Weak::upgrade)
    }

    pub(super) fn is_dead(&self) -> bool {
        self.dead.is_cancelled()
    }

    /// What it died of.
    pub(super) fn why_dead(&self) -> Option<&str> {
        self.why.get().map(String::as_str)
    }

    /// Waits for its end.
    pub(super) async fn death(&self) {
        self.dead.cancelled().await;
    }

    /// Ends it at once. Its tasks find no broker any more, and end too.
    pub(super) fn die(&self, why: String) {
        if self.why.set(why).is_err() {
            return;
        }
        self.dead.cancel();
        if let Some(engine) = self.engine() {
            engine.stop.cancel();
            engine.abort.cancel();
        }
        self.journal.note(format!("the bus of queue `{}` crashed {}", self.name, self.why_dead().unwrap_or_default()));
    }

    /// What the dead hear from their broker.
    pub(super) fn silence(&self) -> TransportError {
        let what = format!(
            "the bus of queue `{}` crashed {}: nothing of it reaches the broker, until the test restarts it",
            self.name,
            self.why_dead().unwrap_or_default()
        );
        // Nobody is to try it again.
        TransportError::new(TransportErrorKind::LeaseLost, what).uncertain()
    }
}
