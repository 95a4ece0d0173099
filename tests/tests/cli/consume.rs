//! Consuming here and now.

use serde_json::json;

use super::{ran, ran_with};

#[test]
fn one_message_is_consumed_and_no_more() {
    let one = ran_with(("WAITING", "3"), &["consume", "--once", "--output", "json"]);
    assert_eq!(one.code, Some(0));
    assert_eq!(one.json(), json!({ "outcome": "handled", "event_type_name": "OrderPlaced", "failures": [] }));
}

#[test]
fn as_many_are_consumed_as_there_are() {
    let all = ran_with(("WAITING", "3"), &["consume", "--most", "5", "--queue", "billing", "--wait", "100ms"]);
    assert_eq!(all.code, Some(0));
    assert_eq!(all.out.matches("OrderPlaced: handled, and deleted\n").count(), 3, "{all:?}");
    assert!(all.out.ends_with("nothing came within 0.1s\n"), "{all:?}");
}

#[test]
fn what_fails_is_said_and_in_the_exit_code() {
    let failed = ran_with(("FAILING", "1"), &["consume", "--once", "--queue", "billing"]);
    assert_eq!(failed.code, Some(1));
    assert!(failed.out.contains("it comes again in") && failed.out.contains("the mailer is down"), "{failed:?}");
}

#[test]
fn nothing_is_no_failure() {
    let nothing = ran(&["consume", "--once", "--wait", "50ms", "--output", "json"]);
    assert_eq!(nothing.code, Some(0));
    assert_eq!(nothing.json()["outcome"], "nothing");
}
