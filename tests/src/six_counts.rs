//! What is counted wherever faults are injected.

use std::fmt;

/// The six counts. The last two must be zero in the end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SixCounts {
    /// Published, or tried to be.
    pub attempted: usize,
    /// Published, as far as the publisher was told.
    pub acknowledged: usize,
    /// Had their effect, or are where nothing is lost: among the dead letters, or acknowledged unread as nobody's.
    pub received: usize,
    /// Had their effect more than once.
    pub duplicated: usize,
    /// Had an effect, and nobody has published them.
    pub unexpected: usize,
    /// Acknowledged, and without effect.
    pub lost: usize,
}

impl fmt::Display for SixCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { attempted, acknowledged, received, duplicated, unexpected, lost } = self;
        write!(
            f,
            "attempted {attempted} acknowledged {acknowledged} received {received} duplicated {duplicated} unexpected \
             {unexpected} lost {lost}"
        )
    }
}
