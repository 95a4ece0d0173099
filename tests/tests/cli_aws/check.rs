//! What AWS would refuse, found without asking it.

use std::process::Command;

use melange_tests::ran::Ran;

/// `cli_aws melange check OPTIONS`, without credentials and a region.
fn check(variables: &[(&str, &str)], options: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cli_aws"));
    command.args(["melange", "check"]).args(options).env_clear().env("HOME", "/nonexistent");
    Ran::of(command.envs(variables.iter().copied()))
}

/// It ends with 2, with as many problems as these, in which these words are.
#[track_caller]
fn finds(check: &Ran, problems: &[&str]) {
    assert_eq!((check.code, check.err.as_str()), (Some(2), ""), "{check:?}");
    assert!(check.out.starts_with("the topology has "), "{check:?}");
    assert_eq!(check.out.matches("fix: ").count(), problems.len(), "{check:?}");
    for problem in problems {
        assert!(check.out.contains(problem), "`{problem}` is not in: {}", check.out);
    }
}

#[test]
fn names_are_as_long_as_the_longest_prefix_makes_them() {
    assert_eq!(check(&[("PREFIX", "staging-")], &[]).code, Some(0));
    let longest = "p".repeat(72);
    // Neither has room for its dead-letter queue.
    let too_long = ["billing", "audit"].map(|queue| format!("\"{longest}{queue}-dlq\""));
    finds(&check(&[("PREFIX", "staging-")], &["--prefix", &longest]), &too_long.each_ref().map(String::as_str));
}

#[test]
fn a_topic_of_another_account_has_a_name_of_its_own() {
    let prefix = "p".repeat(255);
    let about_orders = |ran: &Ran| ran.out.contains(&format!("topic \"{prefix}orders\""));
    let ours = check(&[], &["--prefix", &prefix]);
    assert!(ours.code == Some(2) && about_orders(&ours), "{ours:?}");
    let theirs = check(&[("ORDERS", "arn:aws:sns:eu-west-1:123456789012:orders")], &["--prefix", &prefix]);
    assert!(theirs.code == Some(2) && !about_orders(&theirs), "{theirs:?}");
}

#[test]
fn a_value_that_subscribes_is_checked_too() {
    finds(&check(&[("PATIENT", "1")], &[]), &["wants 2000 attempts, and the redrive policy of its queue has room for"]);
}

#[test]
fn what_is_asked_for_is_found_beside_it() {
    let found = check(&[("PATIENT", "1")], &["--handled-elsewhere", "ClockTicked"]);
    finds(&found, &["wants 2000 attempts", "nobody listens to SeatTaken v1"]);
}
