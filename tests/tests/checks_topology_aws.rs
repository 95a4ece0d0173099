//! A fixture in which as much is wrong as can be: everything is said at once, each with its place and the way out.

use std::collections::BTreeSet;

use fixture_broken::events::{OrderPlaced, PieceMoved};
use fixture_broken::many::{meters, votes};
use melange::{BuildErrors, Checks, ProblemKind};

fn checks() -> Checks {
    meters(votes(melange_aws::checks()))
        .prefix("staging-")
        .queue("shop")
        .crates(melange::crates![fixture_empty])
        .handled()
        .ordered()
        .one_queue_per_event()
        .publishes::<OrderPlaced>()
        .publishes::<PieceMoved>()
}

fn report(errors: &BuildErrors) -> String {
    errors.iter().map(|problem| format!("{:?}\n  {problem}\n", problem.kind())).collect()
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let errors = checks().run().unwrap_err();
    let kinds: BTreeSet<ProblemKind> = errors.iter().map(melange::Problem::kind).collect();
    assert!(kinds.len() >= 17, "{kinds:?}");
    for problem in errors.iter() {
        assert!(!problem.fix().is_empty());
        assert!(problem.location().is_some() || problem.kind() == ProblemKind::SilentCrate, "{problem}");
    }
    let report = report(&errors);
    assert!(report.matches("fix: ").count() >= 20, "{report}");
    insta::assert_snapshot!(report);
}

#[test]
fn names_are_as_long_as_their_prefix_makes_them() {
    let too_long = |checks: Checks| {
        let errors = checks.run().unwrap_err();
        errors.iter().filter(|problem| problem.kind() == ProblemKind::IllegalName).count()
    };
    // One queue has no room for the name of its dead-letter queue, whatever the prefix.
    assert_eq!(too_long(melange_aws::checks().queue("shop")), 1);
    assert_eq!(too_long(melange_aws::checks().queue("shop").prefix("staging-")), 2);
    let with_slash = melange_aws::checks().queue("shop").prefix("staging/").run().unwrap_err();
    assert!(with_slash.to_string().contains("\"staging/orders\" has characters"), "{with_slash}");
    // Nobody names it, so that nobody else says so.
    let own = melange_aws::checks().queue("my shop").run().unwrap_err();
    assert!(own.to_string().contains("queue \"my shop\" has characters"), "{own}");
}

#[test]
#[should_panic(expected = "fix: ")]
fn the_macro_fails_with_the_report() {
    melange_aws::assert_topology!(prefix = "staging-", queue = "shop");
}
