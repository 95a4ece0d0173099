use super::*;

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn changed(present: Option<&str>, wanted: &[&str]) -> Option<String> {
    filter_change(present, Some(&names(wanted))).map(|(policy, _)| policy)
}

#[test]
fn a_filter_is_made_where_there_is_none() {
    for none in [None, Some(""), Some("{}")] {
        assert_eq!(changed(none, &["B", "A"]).as_deref(), Some(r#"{"event_type":["A","B",{"exists":false}]}"#));
    }
}

#[test]
fn a_filter_is_never_made_narrower() {
    assert_eq!(changed(Some(r#"{"event_type":["A","B","C",{"exists":false}]}"#), &["A"]), None);
    assert_eq!(
        changed(Some(r#"{"event_type":["Z"]}"#), &["A"]).as_deref(),
        Some(r#"{"event_type":["A","Z",{"exists":false}]}"#)
    );
}

#[test]
fn filters_of_others_are_left_alone() {
    for foreign in [
        r#"{"event_type":["A"],"tenant":["x"]}"#,
        r#"{"manifest":["B"]}"#,
        r#"{"event_type":[{"prefix":"Order"}]}"#,
        r#"{"event_type":"A"}"#,
        r#"{"$or":[{"event_type":["Z"]}]}"#,
    ] {
        assert_eq!(changed(Some(foreign), &["B"]), None, "{foreign}");
        if !foreign.contains("event_type\":[") {
            assert_eq!(filter_change(Some(foreign), None), None, "{foreign}");
        }
    }
}

#[test]
fn too_many_names_are_no_filter() {
    let many: Vec<String> = (0..MOST_NAMES).map(|i| format!("E{i}")).collect();
    let present = filter(&many.into_iter().collect());
    assert_eq!(changed(Some(&present), &["E0"]), None);
    assert_eq!(changed(Some(&present), &["New"]).as_deref(), Some("{}"));
}

#[test]
fn without_a_wanted_filter_ours_is_taken_away() {
    assert_eq!(filter_change(None, None), None);
    assert_eq!(filter_change(Some("{}"), None), None);
    let (policy, _) = filter_change(Some(r#"{"event_type":["A"]}"#), None).unwrap();
    assert_eq!(policy, "{}");
}

#[test]
fn raw_delivery_is_read_in_any_spelling() {
    let feed = |raw| Feed { topic: String::new(), topic_arn: String::new(), elsewhere: false, raw, names: None };
    let found = |raw: Option<&str>| Found {
        arn: String::new(),
        attributes: raw.map(|raw| (RAW.to_owned(), raw.to_owned())).into_iter().collect(),
    };
    for text in ["true", "True", "TRUE"] {
        assert_eq!(found(Some(text)).changes(&feed(true)), []);
        assert_eq!(found(Some(text)).changes(&feed(false))[0].value, "false");
    }
    for text in [None, Some("false"), Some("False")] {
        assert_eq!(found(text).changes(&feed(false)), []);
        assert_eq!(found(text).changes(&feed(true))[0].value, "true");
    }
}

#[test]
fn a_filter_on_the_body_is_left_alone() {
    let feed = Feed {
        topic: String::new(),
        topic_arn: String::new(),
        elsewhere: false,
        raw: false,
        names: Some(names(&["A"])),
    };
    let attributes = [(SCOPE, "MessageBody"), (FILTER, r#"{"event_type":["B"]}"#)];
    let attributes = attributes.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    assert_eq!(Found { arn: String::new(), attributes }.changes(&feed), []);
}
