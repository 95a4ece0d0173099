//! Dead letters.

use serde_json::{Value, json};

use super::{ran, ran_with};

fn with_letters(arguments: &[&str]) -> melange_tests::ran::Ran {
    ran_with(("LETTERS", "5"), arguments)
}

#[test]
fn they_are_listed_without_what_they_say() {
    let listed = with_letters(&["dlq", "ls", "--output", "json"]);
    assert_eq!(listed.code, Some(0), "{listed:?}");
    let letters = listed.json();
    assert_eq!(letters.as_array().unwrap().len(), 5);
    for letter in letters.as_array().unwrap() {
        assert_eq!(letter["queue"], "billing");
        assert_eq!(letter["event_type_name"], "OrderPlaced");
        assert_eq!(letter["subscriber"], "send_receipt");
        assert_eq!(letter["reason"], "the total is negative");
    }
    assert!(!listed.out.contains("total_cents"), "{listed:?}");
    let some = with_letters(&["dlq", "ls", "--most", "2"]);
    assert_eq!(some.out.lines().count(), 3, "{some:?}");
    assert!(some.err.contains("and more"), "{some:?}");
    let none = ran(&["dlq", "ls"]);
    assert_eq!((none.code, none.err.as_str()), (Some(0), "no dead letters of audit, billing\n"));
}

#[test]
fn they_are_chosen_by_what_is_known_of_them() {
    let count = |choice: &[&str]| {
        let mut arguments = vec!["dlq", "ls", "--output", "json"];
        arguments.extend(choice);
        with_letters(&arguments).json().as_array().unwrap().len()
    };
    assert_eq!(count(&["--event", "OrderPlaced", "--subscriber", "send_receipt", "--newer-than", "1h"]), 5);
    assert_eq!(count(&["--reason", "negative"]), 5);
    for other in [
        ["--event", "OrderCancelled"],
        ["--subscriber", "write_down"],
        ["--older-than", "1h"],
        ["--newer-than", "0s"],
        ["--reason", "positive"],
        ["--id", "none"],
    ] {
        assert_eq!(count(&other), 0, "{other:?}");
    }
}

#[test]
fn at_most_none_makes_no_sense() {
    for command in ["ls", "show", "redrive"] {
        let refused = with_letters(&["dlq", command, "--queue", "billing", "--most", "0"]);
        assert_eq!((refused.code, refused.out.as_str()), (Some(64), ""), "{refused:?}");
        assert!(refused.err.contains("invalid value '0' for '--most <COUNT>'"), "{refused:?}");
    }
}

#[test]
fn none_that_is_chosen_is_not_none_at_all() {
    let none = with_letters(&["dlq", "ls", "--id", "none"]);
    assert_eq!((none.code, none.err.as_str()), (Some(0), "no such dead letters of audit, billing\n"));
    for command in [&["dlq", "redrive"][..], &["dlq", "drop", "--yes"], &["dlq", "show"], &["dlq", "ls"]] {
        let mut arguments = command.to_vec();
        arguments.extend(["--queue", "billing", "--event", "OrderPlacd"]);
        let said = with_letters(&arguments);
        assert_eq!(said.code, Some(0), "{said:?}");
        assert!(said.err.contains("this program has no event \"OrderPlacd\"; did you mean `OrderPlaced`?"), "{said:?}");
    }
}

#[test]
fn they_are_shown_with_what_they_say() {
    let shown = with_letters(&["dlq", "show", "--queue", "billing", "--most", "1", "--output", "json"]).json();
    assert_eq!(shown.as_array().unwrap().len(), 1);
    assert_eq!(shown[0]["body"]["total_cents"], -1);
    assert_eq!(shown[0]["attributes"]["region"], "eu");
    let text = with_letters(&["dlq", "show", "--queue", "billing", "--most", "1"]).out;
    assert!(text.contains("reason       the total is negative\n"), "{text}");
    assert!(text.contains("  \"total_cents\": -1,\n"), "{text}");
    let missing = with_letters(&["dlq", "show", "--queue", "billing", "no-such-id"]);
    assert_eq!(missing.code, Some(1));
    assert!(missing.err.contains("1 of 1 dead letters are not in the dead-letter queue of billing"), "{missing:?}");
}

#[test]
fn they_are_put_back() {
    let done = |arguments: &[&str]| -> (Value, String) {
        let mut all = vec!["dlq", "redrive", "--queue", "billing", "--output", "json"];
        all.extend(arguments);
        let ran = with_letters(&all);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        (ran.json(), ran.err)
    };
    let counted = |moved: u64, skipped: u64, guarded: u64, dry_run: bool| json!({ "queue": "billing", "dry_run": dry_run, "moved": moved, "skipped": skipped, "guarded": guarded, "returned": 0 });
    let (all, progress) = done(&[]);
    assert_eq!(all, counted(5, 0, 0, false));
    assert_eq!(progress, "redriving: 5 of about 5\n");
    assert_eq!(done(&["--dry-run"]).0, counted(5, 0, 0, true));
    assert_eq!(done(&["--most", "2"]).0["moved"], 2);
    assert_eq!(done(&["--reason", "positive"]).0, counted(0, 5, 0, false));
    let (guarded, said) = done(&["--loop-guard", "0"]);
    assert_eq!(guarded, counted(0, 0, 5, false));
    assert!(said.contains("--loop-guard"), "{said}");
    assert_eq!(done(&["--natively"]).0["moved"], 5);
}

#[test]
fn they_are_deleted_once_somebody_says_yes() {
    let drop = |arguments: &[&str]| {
        let mut all = vec!["dlq", "drop", "--queue", "billing"];
        all.extend(arguments);
        with_letters(&all)
    };
    let nobody = drop(&[]);
    assert_eq!((nobody.code, nobody.out.as_str()), (Some(64), ""));
    assert!(nobody.err.contains("`--yes` deletes them"), "{nobody:?}");
    let dry = drop(&["--dry-run"]);
    assert_eq!((dry.code, dry.out.as_str()), (Some(0), "5 dead letters of billing would be deleted\n"));
    let yes = drop(&["--yes", "--output", "json"]);
    assert_eq!(yes.json(), json!({ "queue": "billing", "dry_run": false, "dropped": 5 }));
    assert_eq!(drop(&["--yes", "--event", "OrderCancelled"]).out, "0 dead letters of billing deleted\n");
}

#[test]
fn which_queue_is_meant_is_asked_where_there_are_several() {
    let asked = with_letters(&["dlq", "redrive"]);
    assert_eq!(asked.code, Some(64));
    assert!(asked.err.contains("audit, billing"), "{asked:?}");
    let near = with_letters(&["dlq", "ls", "--queue", "biling"]);
    assert!(near.err.contains("did you mean `billing`?"), "{near:?}");
    assert_eq!(near.code, Some(1), "there is no such queue: {near:?}");
}
