//! What AWS, the network and the set-up can do to a program, and what becomes of it. Against a stub in the process: no
//! server needs to be started.

#[path = "aws_survival/actions.rs"]
mod actions;
#[path = "aws_survival/answers.rs"]
mod answers;
#[path = "aws_survival/polling.rs"]
mod polling;
#[path = "aws_survival/settling.rs"]
mod settling;
#[path = "aws_survival/start.rs"]
mod start;
#[path = "aws_survival/timeouts.rs"]
mod timeouts;
#[path = "aws_survival/world.rs"]
mod world;
