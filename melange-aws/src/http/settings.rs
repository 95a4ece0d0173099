//! What an endpoint was told.

use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;

use super::confirm::Confirm;
use crate::signature::{SnsSignatures, VerifiedLetter};

pub(super) type Hook = Arc<dyn Fn(&VerifiedLetter) + Send + Sync>;
pub(super) type Authenticator = Arc<dyn Fn(&Parts, &[u8]) -> bool + Send + Sync>;

/// What an endpoint was told.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) signatures: SnsSignatures,
    pub(super) confirm: Confirm,
    pub(super) on_unsubscribe: Option<Hook>,
    /// Of raw deliveries, which are not signed.
    pub(super) authenticator: Option<Authenticator>,
    pub(super) unsigned_attributes: bool,
    pub(super) body_limit: usize,
    pub(super) concurrency: usize,
    pub(super) timeout: Duration,
    pub(super) remembered: usize,
}

impl Settings {
    pub(super) fn new(confirm: Confirm) -> Self {
        Self {
            signatures: SnsSignatures::new(),
            confirm,
            on_unsubscribe: None,
            authenticator: None,
            unsigned_attributes: false,
            body_limit: 300 * 1024,
            concurrency: 64,
            timeout: Duration::from_secs(12),
            remembered: 100_000,
        }
    }
}
