//! Fields that come, go, or become something else.

use melange::contract::ChangeKind;

use crate::builds::*;
use crate::{changes, of, the_only};

#[test]
fn what_is_the_same_has_no_changes() {
    assert!(changes::<base::Placed, base_again::Placed>().is_empty());
    assert!(changes::<base::Placed, renamed_in_source::Placed>().is_empty());
    assert!(changes::<base::Placed, skipped::Placed>().is_empty());
    assert!(changes::<tuple::Placed, tuple::Placed>().is_empty());
    assert!(changes::<choice::Placed, choice::Placed>().is_empty());
}

#[test]
fn a_removed_field_is_refused_with_what_it_was_and_the_way_out() {
    let said = the_only::<base::Placed, without::Placed>(ChangeKind::FieldRemoved, "total");
    for words in [
        "builds.rs:",
        "Placed v1",
        "`total` was removed",
        "before: total: u64",
        "version = 2",
        "upcast_from",
        "rename = \"total\"",
    ] {
        assert!(said.contains(words), "`{words}` is not in: {said}");
    }
    the_only::<base::Placed, without_optional::Placed>(ChangeKind::FieldRemoved, "note");
}

#[test]
fn a_changed_type_is_refused_with_both() {
    let said = the_only::<base::Placed, wider::Placed>(ChangeKind::TypeChanged, "total");
    assert!(said.contains("before: u64") && said.contains("after:  u128"), "{said}");
    the_only::<tuple::Placed, tuple_changed::Placed>(ChangeKind::TypeChanged, "1");
    the_only::<tuple::Placed, tuple_longer::Placed>(ChangeKind::TypeChanged, "");
}

#[test]
fn a_required_field_is_refused_and_an_optional_one_is_not() {
    let said = the_only::<base::Placed, with_required::Placed>(ChangeKind::RequiredFieldAdded, "currency");
    assert!(said.contains("#[serde(default)]"), "{said}");
    the_only::<base::Placed, with_optional::Placed>(ChangeKind::OptionalFieldAdded, "currency");
    the_only::<base::Placed, with_default::Placed>(ChangeKind::OptionalFieldAdded, "currency");
    the_only::<base::Placed, made_required::Placed>(ChangeKind::FieldMadeRequired, "note");
    let said = the_only::<base::Placed, made_optional::Placed>(ChangeKind::FieldMadeOptional, "total");
    assert!(said.contains("deploy those that read it before"), "{said}");
}

#[test]
fn a_renamed_field_is_refused_unless_its_name_on_the_wire_stays() {
    let changes = changes::<base::Placed, renamed::Placed>();
    let kinds: Vec<_> = changes.iter().map(|change| (change.kind(), change.path())).collect();
    assert_eq!(kinds, [(ChangeKind::FieldRemoved, "total"), (ChangeKind::RequiredFieldAdded, "total_cents")]);
    the_only::<base::Placed, renamed_with_alias::Placed>(ChangeKind::FieldRenamed, "total");
    assert!(crate::changes::<base::Placed, camel::Placed>().is_incompatible());
}

#[test]
fn flattened_fields_are_fields() {
    assert!(changes::<flattened::Placed, flattened_by_hand::Placed>().is_empty());
    the_only::<flattened::Placed, flattened_narrower::Placed>(ChangeKind::FieldRemoved, "zip");
    let text = of::<flattened_map::Placed>().to_string();
    assert!(text.contains(r#""*": "u64""#), "{text}");
}
