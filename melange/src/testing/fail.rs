//! How a test fails.
#![allow(clippy::panic, reason = "this is how a test says that what it wanted is not so; only tests come here")]

use std::fmt;
use std::panic::Location;

/// Fails the test at the caller's place.
#[track_caller]
pub(super) fn fail(why: impl fmt::Display) -> ! {
    panic!("{why}")
}

/// Fails the test because of what was called at `place`: in a future, the caller is not known any more.
pub(super) fn fail_at(place: &Location<'_>, why: impl fmt::Display) -> ! {
    panic!("{place}: {why}")
}
