//! What a call's attempts came to, which its error alone does not tell: the SDK reports the last of them only.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::OrchestratorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use melange::transport::TransportError;

/// Watches the attempts of one call that carries messages. Clones watch together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Attempts(Arc<Seen>);

#[derive(Debug, Default)]
struct Seen {
    /// One is under way.
    pending: AtomicBool,
    /// One was sent, and not refused.
    lost: AtomicBool,
}

impl Attempts {
    /// Says of the error of the call whether AWS may have taken the messages all the same.
    pub(crate) fn judge(&self, error: TransportError) -> TransportError {
        let Seen { pending, lost } = &*self.0;
        if pending.load(Ordering::SeqCst) || lost.load(Ordering::SeqCst) { error.uncertain() } else { error.certain() }
    }
}

impl Intercept for Attempts {
    fn name(&self) -> &'static str {
        "melange: whether messages may have arrived"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.pending.store(true, Ordering::SeqCst);
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if !self.0.pending.swap(false, Ordering::SeqCst) {
            return Ok(());
        }
        let refused = match context.response() {
            Some(response) => (400..500).contains(&response.status().as_u16()),
            None => context.output_or_error().is_some_and(|answer| answer.is_err_and(never_left)),
        };
        if !refused {
            self.0.lost.store(true, Ordering::SeqCst);
        }
        Ok(())
    }
}

/// Whether there was no connection to send it over.
fn never_left<E: std::fmt::Debug>(error: &OrchestratorError<E>) -> bool {
    let mut next = error.as_connector_error().and_then(Error::source);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return matches!(
                error.kind(),
                io::ErrorKind::ConnectionRefused | io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable
            );
        }
        next = error.source();
    }
    false
}
