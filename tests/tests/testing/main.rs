//! `melange::testing`, as its users have it.

mod asserts;
mod calls;
mod clock;
mod crashes;
mod faults;
mod idle;
mod queues;
mod seeds;
