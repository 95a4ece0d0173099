//! Topics, queues, dead-letter queues, policies and subscriptions: looked at, shown, made and mended. On the local AWS server
//! if `cargo xtask test` has started it, and else on an AWS in the process.

mod account;
#[path = "../by_hand/mod.rs"]
mod by_hand;
mod command_line;
mod create;
mod denied;
mod drift;
mod elsewhere;
mod foreign;
mod options;
mod races;
mod wire;
