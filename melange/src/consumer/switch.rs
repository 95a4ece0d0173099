//! Pausing a queue, and letting it go on.

use tokio::sync::watch;

/// Whether a queue is polled.
#[derive(Debug)]
pub(crate) struct Switch(watch::Sender<bool>);

impl Default for Switch {
    fn default() -> Self {
        Self(watch::Sender::new(true))
    }
}

impl Switch {
    pub(crate) fn set(&self, on: bool) {
        self.0.send_replace(on);
    }

    pub(crate) fn is_on(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is on.
    pub(crate) async fn on(&self) {
        self.is(true).await;
    }

    /// Waits until it is off.
    pub(crate) async fn off(&self) {
        self.is(false).await;
    }

    async fn is(&self, wanted: bool) {
        // The sender is here, so there is always an answer.
        let _ = self.0.subscribe().wait_for(|on| *on == wanted).await;
    }
}
