//! What is in the program.

use serde_json::json;

use super::ran;

#[test]
fn events_are_listed() {
    let ran = ran(&["events"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    insta::assert_snapshot!(ran.out);
}

#[test]
fn subscribers_are_listed() {
    let ran = ran(&["subscribers"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    insta::assert_snapshot!(ran.out);
}

#[test]
fn lists_can_be_narrowed() {
    assert_eq!(ran(&["events", "--topic", "parcels", "--output", "json"]).json().as_array().unwrap().len(), 1);
    let of_event = ran(&["--output", "json", "subscribers", "--event", "OrderPlaced"]).json();
    let names: Vec<_> = of_event.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["write_down", "send_receipt"]);
    assert_eq!(ran(&["subscribers", "--queue", "audit", "--output=json"]).json().as_array().unwrap().len(), 2);
    let none = ran(&["events", "--topic", "no-such-topic"]);
    assert_eq!((none.code, none.out.as_str()), (Some(0), ""));
    assert!(none.err.contains("no events"), "{none:?}");
    assert!(none.err.contains("orders") && none.err.contains("parcels") && !none.err.contains("linked"), "{none:?}");
    let none = ran(&["subscribers", "--queue", "audti"]);
    assert_eq!((none.code, none.out.as_str()), (Some(0), ""));
    assert!(none.err.contains("no subscribers") && none.err.contains("did you mean `audit`?"), "{none:?}");
    assert!(none.err.contains("billing") && !none.err.contains("linked"), "{none:?}");
    assert_eq!(ran(&["events", "--topic", "no-such-topic", "--output", "json"]).json(), json!([]));
}

#[test]
fn json_says_all_that_is_known() {
    let events = ran(&["events", "--output", "json"]).json();
    let cancelled = events.as_array().unwrap().iter().find(|event| event["version"] == 2).unwrap();
    assert_eq!(
        *cancelled,
        json!({
            "name": "OrderCancelled", "version": 2, "topic": "orders", "local": false, "keyed": false,
            "aliases": ["OrderWithdrawn"], "upcast_from": [1], "read_as": null, "deprecated": false,
            "deprecation": null, "attributes": [], "subscribers": ["write_down"],
            "type": "cli_memory::orders::OrderCancelled", "crate": "cli_memory",
            "file": cancelled["file"], "line": cancelled["line"],
        })
    );
    let old = events.as_array().unwrap().iter().find(|event| event["type"] == "cli_memory::orders::OrderCancelledV1");
    assert_eq!(old.unwrap()["read_as"], 2, "{events}");
    let subscribers = ran(&["subscribers", "--output", "json"]).json();
    let receipt = subscribers.as_array().unwrap().iter().find(|one| one["name"] == "send_receipt").unwrap();
    assert_eq!(receipt["queue"], "billing");
    assert_eq!(receipt["runs"], "async");
    assert_eq!(receipt["attempts"], 3);
    assert_eq!(receipt["backoff_seconds"], json!([1.0, 60.0]));
    assert_eq!(receipt["timeout_seconds"], 30.0);
}

#[test]
fn shells_get_scripts() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = ran(&["completions", shell]);
        assert_eq!(script.code, Some(0));
        assert!(script.out.contains("cli_memory") && script.out.contains("redrive"), "{shell}");
    }
    let bash = ran(&["completions", "bash"]).out;
    assert!(
        bash.contains("cli_memory__subcmd__melange__subcmd__dlq") || bash.contains("cli_memory__melange__dlq"),
        "{bash}"
    );
}
