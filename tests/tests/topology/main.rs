//! The topology as code: what is written is what `Provision::Create` makes, and what is planned, applied and allowed is what is
//! done. On the local AWS server if `cargo xtask test` has started it, and else on an AWS in the process.

mod cloudformation;
mod documents;
mod example;
mod hostile;
mod outputs;
mod plans;
mod program;
mod resources;
mod roles;
mod same;
mod terraform;
mod tools;
