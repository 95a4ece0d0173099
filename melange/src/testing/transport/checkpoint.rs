//! A call on its way to the broker and back: where its bus may crash, and where it may go wrong, as the test said.

use std::sync::Arc;

use tokio::task::yield_now;

use crate::testing::fault::{Crash, Moment, What};
use crate::testing::life::Life;
use crate::testing::shared::Shared;
use crate::transport::{TransportError, TransportErrorKind};

/// A call, of whoever is alive.
pub(super) struct Checkpoint<'a> {
    pub(super) shared: &'a Shared,
    /// Whose it is; of a test when `None`.
    pub(super) life: Option<Arc<Life>>,
    pub(super) moment: Moment<'a>,
}

impl Checkpoint<'_> {
    /// # Errors
    /// If whoever calls dies here. A test that publishes lives on.
    pub(super) async fn crash(&self, at: Crash) -> Result<(), TransportError> {
        match &self.life {
            Some(life) if self.shared.crashes(life, at, &self.moment) => {
                // Who dies in a handler is not heard of again.
                yield_now().await;
                Err(life.silence())
            }
            _ => Ok(()),
        }
    }

    /// # Errors
    /// If this goes wrong here, in these words.
    pub(super) fn fault(&self, what: What, words: &str) -> Result<(), TransportError> {
        if self.goes_wrong(what) {
            let words = format!("the test says that {words}");
            return Err(TransportError::new(TransportErrorKind::Unavailable, words));
        }
        Ok(())
    }

    pub(super) fn goes_wrong(&self, what: What) -> bool {
        self.shared.goes_wrong(what, &self.moment)
    }

    /// Waits for the end of whoever calls.
    pub(super) async fn death(&self) {
        match &self.life {
            Some(life) => life.death().await,
            None => std::future::pending().await,
        }
    }
}
