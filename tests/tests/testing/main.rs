//! `melange::testing`, as its users have it.

mod asserts;
mod calls;
mod clock;
mod crashes;
mod faults;
mod idle;
mod names;
#[path = "../orders/mod.rs"]
mod orders;
mod queues;
mod seeds;
mod told;

use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;

/// What the test fails with.
async fn failure(test: impl Future<Output = ()>) -> String {
    let panic = AssertUnwindSafe(test).catch_unwind().await.expect_err("it was to fail");
    *panic.downcast::<String>().unwrap()
}
