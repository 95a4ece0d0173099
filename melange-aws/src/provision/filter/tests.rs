use proptest::prelude::*;

use super::*;

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn judged(present: Option<&str>, wanted: Option<&[&str]>, exact: bool) -> Verdict {
    let wanted = wanted.map(names);
    judge(present, Wish { names: wanted.as_ref(), exact })
}

/// What it is set to, if it is.
fn changed(present: Option<&str>, wanted: &[&str]) -> Option<String> {
    match judged(present, Some(wanted), false) {
        Verdict::Set { value, .. } => Some(value),
        _ => None,
    }
}

fn narrowed(present: Option<&str>, wanted: &[&str]) -> Option<(String, String)> {
    match judged(present, Some(wanted), true) {
        Verdict::Set { value, what } => Some((value, what)),
        _ => None,
    }
}

#[test]
fn what_has_no_filter_gets_none_unless_asked() {
    for none in [None, Some(""), Some("{}")] {
        assert_eq!(changed(none, &["B", "A"]), None);
        assert!(matches!(judged(none, Some(&["A"]), false), Verdict::Left(what) if what.contains("exact_filter")));
        let (value, _) = narrowed(none, &["B", "A"]).unwrap();
        assert_eq!(value, r#"{"event_type":["A","B",{"exists":false}]}"#);
        assert_eq!(judged(none, None, true), Verdict::Fine);
    }
}

#[test]
fn a_filter_is_made_wider_and_never_narrower() {
    assert_eq!(changed(Some(r#"{"event_type":["A","B","C",{"exists":false}]}"#), &["A"]), None);
    assert_eq!(
        changed(Some(r#"{"event_type":["Z"]}"#), &["A"]).as_deref(),
        Some(r#"{"event_type":["A","Z",{"exists":false}]}"#)
    );
    assert_eq!(
        changed(Some(r#"{"event_type":["A"]}"#), &["A"]).as_deref(),
        Some(r#"{"event_type":["A",{"exists":false}]}"#)
    );
}

#[test]
fn asked_to_be_exact_it_takes_out_what_nobody_listens_to() {
    let (value, what) = narrowed(Some(r#"{"event_type":["A","B","C",{"exists":false}]}"#), &["B"]).unwrap();
    assert_eq!(value, r#"{"event_type":["B",{"exists":false}]}"#);
    assert!(what.contains("A, C"), "{what}");
    assert_eq!(narrowed(Some(&value), &["B"]), None);
    let (value, _) = narrowed(Some(r#"{"event_type":[{"prefix":"B"}]}"#), &["B"]).unwrap();
    assert_eq!(value, r#"{"event_type":["B",{"exists":false}]}"#);
    let (value, _) = narrowed(Some(r#"{"event_type":["A",{"exists":false}]}"#), &["A", "B"]).unwrap();
    assert_eq!(value, r#"{"event_type":["A","B",{"exists":false}]}"#);
}

#[test]
fn filters_of_others_are_left_alone() {
    for foreign in [
        r#"{"event_type":["A"],"tenant":["x"]}"#,
        r#"{"manifest":["B"]}"#,
        r#"{"event_type":"A"}"#,
        r#"{"$or":[{"event_type":["Z"]}]}"#,
    ] {
        for exact in [false, true] {
            for wanted in [Some(&["B"][..]), None] {
                let Verdict::Left(what) = judged(Some(foreign), wanted, exact) else { panic!("{foreign}") };
                assert!(what.contains("someone else's"), "{what}");
            }
        }
    }
}

#[test]
fn a_pattern_that_lets_our_names_pass_is_left_alone() {
    let pattern = r#"{"event_type":[{"prefix":"Order"}]}"#;
    assert_eq!(changed(Some(pattern), &["OrderPlaced"]), None);
    assert_eq!(
        changed(Some(pattern), &["OrderPlaced", "UserLeft"]).as_deref(),
        Some(r#"{"event_type":["UserLeft",{"prefix":"Order"},{"exists":false}]}"#)
    );
}

#[test]
fn too_many_names_are_no_filter() {
    let many: Vec<String> = (0..MOST_NAMES).map(|i| format!("E{i}")).collect();
    let present = of(&many.into_iter().collect());
    assert_eq!(changed(Some(&present), &["E0"]), None);
    assert_eq!(changed(Some(&present), &["New"]).as_deref(), Some("{}"));
}

#[test]
fn without_a_wanted_filter_ours_is_taken_away() {
    assert_eq!(judged(None, None, false), Verdict::Fine);
    assert_eq!(judged(Some("{}"), None, false), Verdict::Fine);
    assert!(
        matches!(judged(Some(r#"{"event_type":["A"]}"#), None, false), Verdict::Set { value, .. } if value == "{}")
    );
}

proptest! {
    #[test]
    fn two_versions_of_a_service_come_to_rest(
        a in proptest::collection::btree_set("[A-D]{1,2}", 1..6),
        b in proptest::collection::btree_set("[A-D]{1,2}", 1..6),
        first in proptest::option::of("(\\{\\}|\\{\"event_type\":\\[(\"[A-D]\",)?(\\{\"prefix\":\"A\"\\},)?\"Z\"\\]\\})"),
    ) {
        let mut present = first;
        for names in [&a, &b, &a, &b] {
            if let Verdict::Set { value, .. } = judge(present.as_deref(), Wish { names: Some(names), exact: false }) {
                present = Some(value);
            }
        }
        for names in [&a, &b] {
            let settled = judge(present.as_deref(), Wish { names: Some(names), exact: false });
            prop_assert!(!matches!(settled, Verdict::Set { .. }), "{:?} for {:?}", present, names);
        }
    }

    #[test]
    fn no_filter_makes_it_panic(present in ".{0,80}", exact in any::<bool>()) {
        let names = names(&["A"]);
        let _ = judge(Some(&present), Wish { names: Some(&names), exact });
        let _ = listed(Some(&present));
    }
}
