//! Changes that only who looks closely sees: null, keys of maps, tags of enums, and what serde reads by way of a buffer.
//! Each module is a build of the service.

use melange::contract::{ChangeKind, Contract};
use melange::{Event, Registry};
use serde::{Deserialize, Serialize};

/// The kind and the place of each change from one build to the next.
#[track_caller]
fn changes<Old: Event, New: Event>() -> Vec<(ChangeKind, String)> {
    let of = |registry: Registry| Contract::parse(&Contract::of(&registry).unwrap().to_string()).unwrap();
    let was = of(Registry::default().with::<Old>());
    let changes = was.changes_to(&of(Registry::default().with::<New>()));
    for change in changes.iter().filter(|change| !change.is_compatible()) {
        assert!(
            change.before().is_some() && change.after().is_some() && change.fix().contains("version = 2"),
            "{change}"
        );
    }
    changes.iter().map(|change| (change.kind(), change.path().to_owned())).collect()
}

#[track_caller]
fn the_only<Old: Event, New: Event>(kind: ChangeKind, path: &str) {
    assert_eq!(changes::<Old, New>(), [(kind, path.to_owned())]);
}

/// Events called `Placed`, each with a type of its own within.
macro_rules! builds {
    ($($build:ident { $($within:item)? } { $($event:tt)* })*) => {$(
        mod $build {
            use super::*;
            $(#[derive(Serialize, Deserialize, PartialEq, Eq, Hash)] $within)?
            #[derive(Serialize, Deserialize, Event)]
            #[event(topic = "orders")]
            $($event)*
        }
    )*};
}

type Map<K> = std::collections::HashMap<K, u8>;

builds! {
    option {} { pub struct Placed { note: Option<String> } }
    default {} { pub struct Placed { #[serde(default)] note: String } }
    by_text {} { pub struct Placed { counts: Map<String> } }
    by_number {} { pub struct Placed { counts: Map<u32> } }
    by_kind { pub enum Kind { A, B } } { pub struct Placed { counts: Map<Kind> } }
    by_fewer { pub enum Kind { A } } { pub struct Placed { counts: Map<Kind> } }
    outside {} { pub enum Placed { Paid { cents: u64 }, Open } }
    inside {} { #[serde(tag = "kind")] pub enum Placed { Paid { cents: u64 }, Open } }
    inside_otherwise {} { #[serde(tag = "type")] pub enum Placed { Paid { cents: u64 }, Open } }
    untagged {} { #[serde(untagged)] pub enum Placed { Paid { cents: u64 }, Open } }
    inside_held { pub struct Held { cents: u64, by: String } } { #[serde(tag = "kind")] pub enum Placed { Paid(Held), Open } }
    inside_held_less { pub struct Held { cents: u64 } } { #[serde(tag = "kind")] pub enum Placed { Paid(Held), Open } }
    within { #[serde(tag = "kind")] pub enum Method { Card { last4: String }, Cash } } { pub struct Placed { by: Vec<Method> } }
    within_less { #[serde(tag = "kind")] pub enum Method { Card { last4: String } } } { pub struct Placed { by: Vec<Method> } }
    within_more { #[serde(tag = "kind")] pub enum Method { Card { last4: String, brand: String }, Cash } } { pub struct Placed { by: Vec<Method> } }
    within_other { #[serde(tag = "kind")] pub enum Method { Card { last4: u16 }, Cash } } { pub struct Placed { by: Vec<Method> } }
    within_tag { #[serde(tag = "type")] pub enum Method { Card { last4: String }, Cash } } { pub struct Placed { by: Vec<Method> } }
    beside { #[serde(tag = "kind", content = "of")] pub enum Method { Card { last4: String }, Code(u8), Cash } } { pub struct Placed { by: Method } }
    beside_other { #[serde(tag = "kind", content = "of")] pub enum Method { Card { last4: String }, Code(i64), Cash } } { pub struct Placed { by: Method } }
}

#[derive(Serialize, Deserialize)]
struct Extra {
    street: String,
}

#[derive(Serialize, Deserialize)]
struct Address<T> {
    zip: T,
    #[serde(flatten)]
    extra: Extra,
}

#[derive(Serialize, Deserialize)]
struct Bare<T> {
    zip: T,
}

builds! {
    flat_within {} { pub struct Placed { to: Address<String> } }
    flat_within_other {} { pub struct Placed { to: Address<u32> } }
    flat_within_less {} { pub struct Placed { to: Bare<String> } }
    flat_enum { #[serde(tag = "kind")] pub enum Method { Card, Cash } } { pub struct Placed { id: u8, #[serde(flatten)] by: Method } }
    flat_enum_less { #[serde(tag = "kind")] pub enum Method { Card } } { pub struct Placed { id: u8, #[serde(flatten)] by: Method } }
}

#[test]
fn a_default_does_not_take_null() {
    assert!(serde_json::from_str::<default::Placed>(r#"{"note":null}"#).is_err());
    the_only::<option::Placed, default::Placed>(ChangeKind::NullRefused, "note");
    the_only::<default::Placed, option::Placed>(ChangeKind::NullAllowed, "note");
    assert!(changes::<default::Placed, default::Placed>().is_empty());
}

#[test]
fn the_keys_of_a_map_are_of_a_type_too() {
    the_only::<by_text::Placed, by_number::Placed>(ChangeKind::TypeChanged, "counts{key}");
    the_only::<by_number::Placed, by_text::Placed>(ChangeKind::TypeChanged, "counts{key}");
    the_only::<by_kind::Placed, by_fewer::Placed>(ChangeKind::VariantRemoved, "counts{key}::B");
    the_only::<by_fewer::Placed, by_kind::Placed>(ChangeKind::VariantAdded, "counts{key}::B");
    assert!(changes::<by_number::Placed, by_number::Placed>().is_empty());
}

#[test]
fn how_variants_are_told_apart_may_not_change() {
    the_only::<outside::Placed, inside::Placed>(ChangeKind::TypeChanged, "");
    the_only::<inside::Placed, inside_otherwise::Placed>(ChangeKind::TypeChanged, "");
    the_only::<inside::Placed, untagged::Placed>(ChangeKind::TypeChanged, "");
    assert!(changes::<inside::Placed, inside::Placed>().is_empty());
    the_only::<inside_held::Placed, inside_held_less::Placed>(ChangeKind::FieldRemoved, "Paid.by");
}

#[test]
fn an_enum_with_its_tag_inside_is_looked_into_wherever_it_is() {
    assert!(changes::<within::Placed, within::Placed>().is_empty());
    the_only::<within::Placed, within_less::Placed>(ChangeKind::VariantRemoved, "by[]::Cash");
    the_only::<within_less::Placed, within::Placed>(ChangeKind::VariantAdded, "by[]::Cash");
    the_only::<within::Placed, within_more::Placed>(ChangeKind::RequiredFieldAdded, "by[]::Card.brand");
    the_only::<within::Placed, within_other::Placed>(ChangeKind::TypeChanged, "by[]::Card.last4");
    the_only::<within::Placed, within_tag::Placed>(ChangeKind::TypeChanged, "by[]");
    the_only::<beside::Placed, beside_other::Placed>(ChangeKind::TypeChanged, "by.of::Code");
}

/// The same type for serde, by its name and its fields.
#[derive(Serialize, Deserialize)]
struct Page<T> {
    items: Vec<T>,
}

#[derive(Serialize, Deserialize)]
struct Node<T> {
    value: T,
    #[serde(flatten)]
    extra: Extra,
    left: Vec<Self>,
    right: Vec<Self>,
    more: std::collections::HashMap<String, Self>,
}

builds! {
    pages {} { pub struct Placed { pages: Page<Page<u8>>, other: Page<String> } }
    pages_of_texts {} { pub struct Placed { pages: Page<Page<String>>, other: Page<String> } }
    nodes {} { pub struct Placed { node: Node<u8> } }
    nodes_of_texts {} { pub struct Placed { node: Node<String> } }
}

#[test]
fn a_generic_type_within_itself_is_another_type() {
    assert!(changes::<pages::Placed, pages::Placed>().is_empty());
    the_only::<pages::Placed, pages_of_texts::Placed>(ChangeKind::TypeChanged, "pages.items[].items[]");
    the_only::<nodes::Placed, nodes_of_texts::Placed>(ChangeKind::TypeChanged, "node.value");
}

#[test]
fn flattened_fields_are_looked_for_wherever_they_are() {
    assert!(changes::<flat_within::Placed, flat_within::Placed>().is_empty());
    the_only::<flat_within::Placed, flat_within_other::Placed>(ChangeKind::TypeChanged, "to.zip");
    the_only::<flat_within::Placed, flat_within_less::Placed>(ChangeKind::FieldRemoved, "to.street");
    the_only::<flat_enum::Placed, flat_enum_less::Placed>(ChangeKind::VariantRemoved, "* by::Cash");
}
