//! What the checks say of a topology in which as much is wrong as can be: everything at once, each with its place and the way
//! out. It makes no call and needs no account. `cargo run --example broken_topology`
//!
//! In a service it is one line of a test: `melange_aws::assert_topology!(prefix = "staging-", queue = "shop")`.

use fixture_broken::events::{OrderPlaced, PieceMoved};
use fixture_broken::many::{meters, votes};

fn main() {
    // Two of what is wrong take many events to be wrong; somebody publishes those.
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
