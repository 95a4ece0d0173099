//! The token that tells a run to stop, and what cancels it.

use std::sync::OnceLock;

use tokio_util::sync::CancellationToken;

/// What can cancel runs: a token, which may be made when somebody asks for it.
pub(crate) trait Stop: Sync {
    /// Cancelled when runs are to stop.
    fn token(&self) -> &CancellationToken;
}

impl Stop for CancellationToken {
    fn token(&self) -> &CancellationToken {
        self
    }
}

/// The token of one run, a child of what can cancel it. Few subscribers ask for it, so it is made when one does.
pub(crate) struct RunToken<'a> {
    parent: &'a dyn Stop,
    own: OnceLock<CancellationToken>,
}

impl<'a> RunToken<'a> {
    #[inline]
    pub(crate) fn new(parent: &'a dyn Stop) -> Self {
        Self { parent, own: OnceLock::new() }
    }

    #[inline]
    pub(crate) fn get(&self) -> &CancellationToken {
        self.own.get_or_init(|| self.parent.token().child_token())
    }
}

/// The token as a run has it: that of the whole bus, or one of its own.
#[derive(Clone, Copy)]
pub(super) enum Cancellation<'a> {
    Bus(&'a CancellationToken),
    Run(&'a RunToken<'a>),
}

impl<'a> Cancellation<'a> {
    #[inline]
    pub(super) fn token(self) -> &'a CancellationToken {
        match self {
            Self::Bus(token) => token,
            Self::Run(run) => run.get(),
        }
    }
}
