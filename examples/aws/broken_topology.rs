//! The report of the checks on a topology in which as much as possible is wrong: all problems at once, each with its
//! location and fix. It makes no calls and needs no account. `cargo run --example broken_topology`
//!
//! In a service it is one line of a test: `melange_aws::assert_topology!(prefix = "staging-", queue = "shop")`.

use fixture_broken::events::{OrderPlaced, PieceMoved};
use fixture_broken::many::{meters, votes};

fn main() {
    // Two of the problems need many events; these are declared as published.
    let checks = meters(votes(melange_aws::checks()))
        .prefix("staging-")
        .queue("shop")
        .crates(melange::crates![fixture_empty])
        .handled()
        .ordered()
        .one_queue_per_event()
        .publishes::<OrderPlaced>()
        .publishes::<PieceMoved>();
    match checks.run() {
        Ok(()) => println!("nothing is wrong"),
        Err(problems) => println!("{problems}"),
    }
}
