//! Documents, on standard output, in files, and compared with files.

use serde_json::json;

use super::ran;

#[test]
fn schemas_are_written_of_all_events_or_one() {
    let all = ran(&["schema"]).json();
    let names: Vec<&String> = all.as_object().unwrap().keys().collect();
    assert_eq!(names, ["OrderCancelled.v1", "OrderCancelled.v2", "OrderPlaced.v1", "ParcelMoved.v1", "SeatTaken.v1"]);
    assert_eq!(ran(&["schema", "OrderPlaced"]).json(), all["OrderPlaced.v1"]);
    assert_eq!(ran(&["schema", "OrderCancelled@1"]).json(), all["OrderCancelled.v1"]);
    let local = ran(&["schema", "ClockTicked"]);
    assert_eq!((local.code, local.out.as_str()), (Some(64), ""));
    assert!(local.err.contains("is local"), "{local:?}");
}

#[test]
fn each_document_is_what_it_says() {
    let asyncapi = ran(&["asyncapi", "--title", "Orders", "--title-version", "3.1.0"]).json();
    assert_eq!(asyncapi["asyncapi"], "3.0.0");
    assert_eq!(asyncapi["info"]["title"], "Orders");
    assert_eq!(asyncapi["info"]["version"], "3.1.0");
    assert!(ran(&["catalogue"]).out.starts_with("<!doctype html>"));
    assert!(ran(&["diagram"]).out.starts_with("flowchart LR"));
    assert!(ran(&["diagram", "dot"]).out.starts_with("digraph"));
}

#[test]
fn a_file_that_differs_is_shown_and_is_exit_code_2() {
    let folder = std::env::temp_dir().join(format!("melange-documents-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("asyncapi.json");
    let path = file.to_str().unwrap();
    let missing = ran(&["asyncapi", "--check", path]);
    assert_eq!(missing.code, Some(2));
    let written = ran(&["asyncapi", "--to", path]);
    assert_eq!((written.code, written.out.as_str()), (Some(0), ""));
    // How it is written does not matter.
    let json: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    std::fs::write(&file, json.to_string().replace('\n', "\r\n")).unwrap();
    let same = ran(&["asyncapi", "--check", path, "--output", "json"]);
    assert_eq!((same.code, same.json()), (Some(0), json!({ "file": path, "same": true, "diff": null })));
    let other = ran(&["asyncapi", "--title", "Else", "--check", path, "--output", "json"]);
    assert_eq!((other.code, &other.json()["same"]), (Some(2), &json!(false)));
    let unwritable = ran(&["asyncapi", "--to", "/no/such/folder/file"]);
    assert_eq!(unwritable.code, Some(1));
    assert!(unwritable.err.contains("/no/such/folder/file could not be written"), "{unwritable:?}");
    std::fs::remove_dir_all(folder).unwrap();
}
