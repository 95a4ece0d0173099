//! One process in a test: a bus from its start to its crash.

use std::panic::Location;
use std::sync::{Arc, OnceLock, Weak};

use tokio_util::sync::CancellationToken;

use super::fail::fail_at;
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

    /// Ends it from within one of its handlers, which hears no more.
    pub(super) async fn end(&self) {
        self.die("in a handler, which said so".to_owned());
        std::future::pending::<()>().await;
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

/// Crashes the bus of the calling handler, which runs on a [`TestBus`](super::TestBus), as with `kill -9`: the handler
/// does not continue. For handlers written for a test, to crash in the middle of their work; for all others, use
/// [`Fault::crash`](super::Fault::crash).
///
/// ```
/// use std::sync::Arc;
/// use melange::testing::{TestBus, crash_here};
///
/// # #[derive(serde::Serialize, serde::Deserialize, melange::Event)]
/// # #[event(topic = "orders")]
/// # struct OrderPlaced { total_cents: u64 }
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), melange::PublishError> {
/// let first = Arc::new(std::sync::atomic::AtomicBool::new(true));
/// let bus = TestBus::builder()
///     .subscribe(move |_: Arc<OrderPlaced>| {
///         let is_first = first.swap(false, std::sync::atomic::Ordering::SeqCst);
///         async move {
///             if is_first {
///                 crash_here().await;
///             }
///         }
///     })
///     .start()
///     .await;
/// bus.publish(OrderPlaced { total_cents: 4200 }).await?;
/// bus.run_until_crash().await;
/// bus.restart().await;
/// bus.run_until_idle().await;
/// melange::assert_handled!(bus, OrderPlaced, times = 1);
/// # Ok(())
/// # }
/// ```
///
/// # Panics
/// If it is not called from a handler on a test bus.
#[track_caller]
pub fn crash_here() -> impl Future<Output = ()> + Send {
    let place = Location::caller();
    async move {
        match Life::of_handler() {
            Some(life) => life.end().await,
            None => fail_at(
                place,
                "`crash_here` is for handlers on a test bus, and this is none, nor is a task that one has spawned",
            ),
        }
    }
}
