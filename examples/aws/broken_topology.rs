//! What the checks say of a topology in which as much is wrong as can be: everything at once, each with its place and the way
//! out. It makes no call and needs no account. `cargo run --example broken_topology`
//!
//! In a service it is one line of a test: `melange_aws::assert_topology!(prefix = "staging-", queue = "shop")`.

use fixture_broken as _;

fn main() {
    let checks = melange_aws::checks()
        .prefix("staging-")
        .queue("shop")
        .crates(melange::crates![fixture_empty])
        .handled()
        .ordered()
        .one_queue_per_event()
        .publishes::<fixture_broken::events::OrderPlaced>()
        .publishes::<fixture_broken::events::PieceMoved>();
    match checks.run() {
        Ok(()) => println!("nothing is wrong"),
        Err(problems) => {
            // Of events that come by the hundred, one says it.
            let is_one_of_many = |problem: &&melange::Problem| {
                problem.location().is_none_or(|at| !at.file().ends_with("many.rs"))
                    || matches!(
                        problem.kind(),
                        melange::ProblemKind::IllegalPolicy | melange::ProblemKind::TooManyNames
                    )
            };
            let shown: Vec<_> = problems.iter().filter(is_one_of_many).collect();
            println!("{} problems, {} of them here:\n", problems.iter().count(), shown.len());
            for (at, problem) in shown.iter().enumerate() {
                println!("{:3}. {problem}", at + 1);
            }
        }
    }
}
