//! Publishing by name.

use melange_tests::ran::Ran;
use serde_json::json;

use super::{ran, tool};

const ORDER: &str = r#"{"order_id": "o-1", "total_cents": 4200, "region": "eu"}"#;

#[test]
fn key_and_attributes_are_as_of_any_publish() {
    let published = ran(&["publish", "OrderPlaced", "--json", ORDER, "--output", "json"]);
    assert_eq!(published.code, Some(0), "{published:?}");
    let json = published.json();
    assert_eq!(json["key"], "o-1");
    assert_eq!(json["topic"], "orders");
    assert_eq!(json["dedup_id"], json["event_id"]);
    assert_eq!(
        json["attributes"],
        json!({ "event_type": "OrderPlaced", "manifest": "OrderPlaced", "region": "eu", "serializer_id": "1" })
    );
    assert!(json.get("body").is_none(), "{json}");
}

#[test]
fn json_comes_from_an_argument_a_file_or_standard_input() {
    let folder = std::env::temp_dir().join(format!("melange-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("order.json");
    std::fs::write(&file, ORDER).unwrap();
    let from_file = ran(&["publish", "OrderPlaced", "--json", &format!("@{}", file.display())]);
    assert!(from_file.out.starts_with("published OrderPlaced v1 to topic orders: "), "{from_file:?}");
    let from_input = Ran::fed(&mut tool(&["publish", "OrderPlaced", "--json", "-"]), ORDER);
    assert!(from_input.out.starts_with("published OrderPlaced v1 to topic orders: "), "{from_input:?}");
    let missing = ran(&["publish", "OrderPlaced", "--json", "@/no/such/file.json"]);
    assert_eq!(missing.code, Some(64));
    assert!(missing.err.contains("/no/such/file.json"), "{missing:?}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_dry_run_shows_what_would_be_published() {
    let shown = ran(&["publish", "OrderPlaced", "--json", ORDER, "--dry-run", "--output", "json"]).json();
    assert_eq!(shown["body"]["total_cents"], 4200);
    assert_eq!(shown["body"]["event_type_name"], "OrderPlaced");
}

#[test]
fn what_travels_under_data_is_written_alone_or_whole() {
    for json in [r#"{"Lost":5}"#, r#"{"event_type_name":"ParcelMoved","data":{"Lost":5}}"#] {
        let shown = ran(&["publish", "ParcelMoved", "--json", json, "--dry-run", "--output", "json"]).json();
        assert_eq!(shown["body"]["data"], json!({ "Lost": 5 }), "{json}");
    }
}

#[test]
fn a_whole_message_of_an_older_version_is_made_new() {
    let old = r#"{"event_type_name":"OrderCancelled","event_version":1,"order_id":"o-1"}"#;
    let shown = ran(&["publish", "OrderCancelled", "--json", old, "--dry-run", "--output", "json"]).json();
    assert_eq!((&shown["version"], &shown["body"]["reason"]), (&json!(2), &json!("")));
    let older =
        ran(&["publish", "OrderCancelled@1", "--json", r#"{"order_id":"o-1"}"#, "--dry-run", "--output", "json"]);
    assert_eq!(older.json()["version"], 1);
    let aliased = ran(&["publish", "OrderWithdrawn", "--json", r#"{"order_id":"o-1","reason":"x"}"#, "--dry-run"]);
    assert!(aliased.out.starts_with("would publish OrderCancelled v2"), "{aliased:?}");
}

#[test]
fn what_does_not_fit_is_said_with_the_field() {
    for (event, json, says) in [
        ("OrderPlaced", r#"{"order_id":"o-1"}"#, "missing field `total_cents`"),
        ("OrderPlaced", r#"{"order_id":"o-1","total_cents":"a lot"}"#, "invalid type: string \"a lot\", expected i64"),
        ("OrderPlaced", r#"{"order_id":"#, "not valid JSON"),
        ("OrderPlaced", "[1]", "not an object"),
        ("OrderPlaced", "", "not valid JSON"),
        (
            "OrderPlaced",
            r#"{"event_type_name":"ParcelMoved","data":{"Lost":5}}"#,
            "its \"event_type_name\" is \"ParcelMoved\"",
        ),
        (
            "OrderPlaced",
            r#"{"event_type_name":"OrderPlaced","event_version":9,"order_id":"o-1"}"#,
            "\"event_version\" is 9",
        ),
        ("ParcelMoved", r#"{"Stolen":1}"#, "unknown variant `Stolen`"),
        ("ParcelMoved", r#"{"Lost":"#, "not valid JSON"),
        ("ClockTicked", "{}", "cannot leave the process"),
    ] {
        let refused = ran(&["publish", event, "--json", json]);
        assert_eq!((refused.code, refused.out.as_str()), (Some(64), ""), "{json}");
        assert!(refused.err.starts_with("error: ") && refused.err.contains(says), "{json}: {refused:?}");
    }
}
