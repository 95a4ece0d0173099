//! Events as a whole: where they go, what they are called, and what they are made of.

use melange::contract::ChangeKind;

use crate::builds::*;
use crate::{changes, of, the_only};

#[test]
fn another_topic_and_another_key_are_refused() {
    let said = the_only::<base::Placed, moved::Placed>(ChangeKind::TopicChanged, "");
    assert!(said.contains("topic = \"orders\"") && said.contains("topic = \"others\""), "{said}");
    let said = the_only::<base::Placed, keyed::Placed>(ChangeKind::KeyChanged, "");
    assert!(said.contains("no key") && said.contains("key: order_id"), "{said}");
    the_only::<keyed::Placed, base::Placed>(ChangeKind::KeyChanged, "");
    the_only::<attributed::Placed, base::Placed>(ChangeKind::AttributeRemoved, "total");
    the_only::<base::Placed, attributed::Placed>(ChangeKind::AttributeAdded, "total");
}

#[test]
fn a_struct_that_becomes_a_tuple_is_refused() {
    let changes = changes::<base::Placed, tuple::Placed>();
    let kinds: Vec<_> = changes.iter().map(|change| change.kind()).collect();
    assert_eq!(kinds, [ChangeKind::LayoutChanged, ChangeKind::TypeChanged], "{changes}");
    assert!(crate::changes::<tuple::Placed, unit::Placed>().is_incompatible());
}

#[test]
fn a_removed_event_is_refused_and_a_renamed_one_with_an_alias_is_not() {
    let changes = changes::<base::Placed, other_name::Placed>();
    assert!(changes.iter().any(|change| change.kind() == ChangeKind::EventRemoved), "{changes}");
    the_only::<base::Placed, new_name::Placed>(ChangeKind::EventRenamed, "OrderPlaced");
    the_only::<base::Placed, aliased::Placed>(ChangeKind::AliasAdded, "Old");
    the_only::<aliased::Placed, base::Placed>(ChangeKind::AliasRemoved, "Old");
}

#[test]
fn a_local_event_has_no_contract() {
    assert!(!of::<local::Placed>().to_string().contains("Placed"));
    the_only::<base::Placed, local::Placed>(ChangeKind::EventRemoved, "");
    the_only::<local::Placed, base::Placed>(ChangeKind::EventAdded, "");
}

#[test]
fn an_enum_may_grow_and_not_shrink() {
    let said = the_only::<choice::Placed, choice_narrower::Placed>(ChangeKind::VariantRemoved, "Gone");
    assert!(said.contains("one of Gone | Open | Paid") && said.contains("one of Open | Paid"), "{said}");
    let said = the_only::<choice_narrower::Placed, choice::Placed>(ChangeKind::VariantAdded, "Gone");
    assert!(said.contains("older readers do not know it"), "{said}");
    let changes = changes::<choice::Placed, choice_changed::Placed>();
    let found: Vec<_> = changes.iter().map(|change| (change.kind(), change.path())).collect();
    assert_eq!(found, [(ChangeKind::TypeChanged, "Gone"), (ChangeKind::RequiredFieldAdded, "Paid.by")], "{changes}");
    the_only::<tagged::Placed, tagged_narrower::Placed>(ChangeKind::VariantRemoved, "is_open");
}
