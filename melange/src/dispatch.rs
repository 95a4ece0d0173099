//! Runs one subscriber on one event, and lets nothing it does reach anyone else.

mod error;
mod failed;
mod here;
mod running;
mod scene;

use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;

use futures_util::FutureExt as _;
use tracing::Instrument as _;

pub use error::{SubscriberError, SubscriberErrorKind};
pub(crate) use failed::{Failed, contained, failed, let_go, panicked};
use failed::{timed_out, verdict};
pub(crate) use here::{Begun, poll_here, run_here};
pub(crate) use running::Running;
pub(crate) use scene::{Run, Scene, is_traced};

use crate::context::RunToken;
use crate::in_process::on_a_thread;
use crate::outcome::Outcome;
use crate::subscriber::{Call, Subscription, mismatch};

/// Runs a subscriber of any kind, within its own timeout.
#[cfg(feature = "test-util")]
pub(crate) async fn run(subscription: &Subscription, with: &Run) -> Result<(), Failed> {
    run_in(subscription, with.scene()).await
}

/// The same.
pub(crate) async fn run_in(subscription: &Subscription, scene: Scene<'_>) -> Result<(), Failed> {
    let descriptor = &subscription.descriptor;
    let cancellation = RunToken::new(scene.cancellation);
    // The usual case: the span is not recorded, and there is no timeout.
    if descriptor.options().timeout.is_none() && !is_traced() {
        let raw = scene.raw(&cancellation);
        match descriptor.call() {
            Call::Sync(call) => return unboxed(run_here(subscription, call, &raw)),
            Call::Async(call) => {
                let mut begun = Begun::default();
                return unboxed(poll_fn(|cx| poll_here(subscription, call, &raw, &mut begun, cx)).await);
            }
            Call::Blocking(_) => {}
        }
    }
    // Each future is stored only once: they are part of every task that handles a message.
    async {
        let running = pin!(Some(AssertUnwindSafe(call(subscription, scene, &cancellation)).catch_unwind()));
        let mut running = Running::new(running);
        match descriptor.options().timeout {
            None => verdict(descriptor, (&mut running).await),
            Some(limit) => match tokio::time::timeout(limit, &mut running).await {
                Ok(run) => verdict(descriptor, run),
                Err(_) => {
                    cancellation.get().cancel();
                    Err(timed_out(descriptor, limit))
                }
            },
        }
    }
    .instrument(scene.span(subscription))
    .await
}

async fn call(subscription: &Subscription, scene: Scene<'_>, cancellation: &RunToken<'_>) -> Outcome {
    match subscription.descriptor.call() {
        Call::Async(call) => call(subscription.instance.as_ref(), &scene.raw(cancellation)).await,
        Call::Sync(call) => call(subscription.instance.as_ref(), &scene.raw(cancellation)),
        Call::Blocking(call) => {
            let instance = Arc::clone(&subscription.instance);
            let (event, states) = (Arc::clone(scene.event), Arc::clone(scene.states));
            let Some(metadata) = scene.metadata.shared().cloned() else { return mismatch() };
            let run = Run { event, metadata, states, cancellation: cancellation.get().clone() };
            let run = move || {
                let cancellation = RunToken::new(&run.cancellation);
                call(instance.as_ref(), &run.scene().raw(&cancellation))
            };
            let (run, _waited_for) = on_a_thread(run);
            match tokio::task::spawn_blocking(run).await {
                Ok(outcome) => outcome,
                Err(stopped) if stopped.is_panic() => std::panic::resume_unwind(stopped.into_panic()),
                Err(_) => Outcome::retry("the runtime is shutting down"),
            }
        }
    }
}

fn unboxed(failed: Option<Box<Failed>>) -> Result<(), Failed> {
    failed.map_or(Ok(()), |failed| Err(*failed))
}
