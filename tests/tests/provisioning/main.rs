//! Topics, queues, dead-letter queues, policies and subscriptions: looked at, shown, made and mended.

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
