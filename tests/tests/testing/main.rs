//! `melange::testing`, as its users have it.

mod asserts;
mod calls;
mod clock;
mod crashes;
mod faults;
mod idle;
#[path = "../orders/mod.rs"]
mod orders;
mod queues;
mod seeds;
