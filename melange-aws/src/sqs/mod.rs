//! Consuming from SQS, and sending to it.

mod backlog;
mod batch;
mod copy;
mod dead_letter;
mod held;
mod receive;
mod redrive;
mod send;
mod settle;
mod urls;
#[cfg(feature = "signatures")]
mod verify;

pub(crate) use backlog::backlog;
pub(crate) use dead_letter::dead_letter;
#[cfg(any(feature = "lambda", feature = "http"))]
pub(crate) use held::Held;
pub(crate) use receive::{Polls, receive};
pub(crate) use redrive::{move_status, redrive, start_move};
pub(crate) use send::send;
pub(crate) use settle::{change_visibility, delete};
pub(crate) use urls::QueueUrls;
#[cfg(feature = "signatures")]
pub(crate) use verify::Verifier;
