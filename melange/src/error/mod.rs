//! One error type per moment: building, publishing, talking to the broker.

pub(crate) mod build;
pub(crate) mod publish;
pub(crate) mod transport;
