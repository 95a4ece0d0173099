//! Which change of an event is refused, and what is said of it. Each module is a build of the service.

use std::path::PathBuf;

use melange::contract::{ChangeKind, Changes, Contract, ContractErrorKind, check_registry};
use melange::{Event, Registry};
use serde::{Deserialize, Serialize};

/// The contract of one event, by way of its file.
fn of<E: Event>() -> Contract {
    let contract = Contract::of(&Registry::default().with::<E>()).unwrap();
    let read = Contract::parse(&contract.to_string()).unwrap();
    assert_eq!(read.to_string(), contract.to_string());
    contract
}

#[track_caller]
fn changes<Old: Event, New: Event>() -> Changes {
    let changes = Contract::parse(&of::<Old>().to_string()).unwrap().changes_to(&of::<New>());
    for change in changes.iter() {
        assert!(change.location().is_none_or(|at| at.file().ends_with("contract.rs") && at.line() > 1));
        assert!(change.is_compatible() || !change.fix().is_empty(), "{change}");
        assert!(change.to_string().contains(change.event()), "{change}");
    }
    changes
}

/// The only change, of this kind and at this place.
#[track_caller]
fn the_only<Old: Event, New: Event>(kind: ChangeKind, path: &str) -> String {
    let changes = changes::<Old, New>();
    let found: Vec<_> = changes.iter().map(|change| (change.kind(), change.path())).collect();
    assert_eq!(found, [(kind, path)], "{changes}");
    assert_eq!(changes.is_incompatible(), !kind.is_compatible());
    changes.to_string()
}

/// Events called `Placed`, each the only one of its module.
macro_rules! builds {
    ($($build:ident { $($item:tt)* })*) => {$(
        mod $build {
            use super::*;
            #[derive(Serialize, Deserialize, Event)]
            $($item)*
        }
    )*};
}

builds! {
    base { #[event(topic = "orders")]
        pub struct Placed { order_id: String, total: u64, note: Option<String> } }
    base_again { #[event(topic = "orders")]
        pub struct Placed { note: Option<String>, total: u64, order_id: String } }
    without { #[event(topic = "orders")]
        pub struct Placed { order_id: String, note: Option<String> } }
    without_optional { #[event(topic = "orders")]
        pub struct Placed { order_id: String, total: u64 } }
    wider { #[event(topic = "orders")]
        pub struct Placed { order_id: String, total: u128, note: Option<String> } }
    with_required { #[event(topic = "orders")]
        pub struct Placed { order_id: String, total: u64, note: Option<String>, currency: String } }
    with_optional { #[event(topic = "orders")]
        pub struct Placed { order_id: String, total: u64, note: Option<String>, currency: Option<String> } }
    with_default { #[event(topic = "orders")]
        pub struct Placed { order_id: String, total: u64, note: Option<String>, #[serde(default)] currency: String } }
    made_required { #[event(topic = "orders")]
        pub struct Placed { order_id: String, total: u64, note: String } }
    made_optional { #[event(topic = "orders")]
        pub struct Placed { order_id: String, #[serde(default)] total: u64, note: Option<String> } }
    renamed { #[event(topic = "orders")]
        pub struct Placed { order_id: String, total_cents: u64, note: Option<String> } }
    renamed_in_source { #[event(topic = "orders")]
        pub struct Placed { order_id: String, #[serde(rename = "total")] total_cents: u64, note: Option<String> } }
    renamed_with_alias { #[event(topic = "orders")]
        pub struct Placed { order_id: String, #[serde(alias = "total")] total_cents: u64, note: Option<String> } }
    camel { #[event(topic = "orders")] #[serde(rename_all = "camelCase")]
        pub struct Placed { order_id: String, total: u64, note: Option<String> } }
    skipped { #[event(topic = "orders")]
        pub struct Placed { order_id: String, total: u64, note: Option<String>, #[serde(skip)] #[expect(dead_code, reason = "on no wire")] cached: u64 } }
    moved { #[event(topic = "others")]
        pub struct Placed { order_id: String, total: u64, note: Option<String> } }
    keyed { #[event(topic = "orders")]
        pub struct Placed { #[event(key)] order_id: String, total: u64, note: Option<String> } }
    attributed { #[event(topic = "orders")]
        pub struct Placed { order_id: String, #[event(attribute)] total: u64, note: Option<String> } }
    tuple { #[event(topic = "orders")]
        pub struct Placed(String, u64, Option<String>); }
    tuple_longer { #[event(topic = "orders")]
        pub struct Placed(String, u64, Option<String>, u8); }
    tuple_changed { #[event(topic = "orders")]
        pub struct Placed(String, i64, Option<String>); }
    unit { #[event(topic = "orders")]
        pub struct Placed; }
    aliased { #[event(topic = "orders", alias = ["Old"])]
        pub struct Placed { order_id: String, total: u64, note: Option<String> } }
    new_name { #[event(topic = "orders", name = "OrderPlaced", alias = ["Placed"])]
        pub struct Placed { order_id: String, total: u64, note: Option<String> } }
    other_name { #[event(topic = "orders", name = "OrderPlaced")]
        pub struct Placed { order_id: String, total: u64, note: Option<String> } }
    local { #[event(local)]
        pub struct Placed { order_id: String, total: u64, note: Option<String> } }
    choice { #[event(topic = "orders")]
        pub enum Placed { Paid { cents: u64 }, Open, Gone(String) } }
    choice_narrower { #[event(topic = "orders")]
        pub enum Placed { Paid { cents: u64 }, Open } }
    choice_changed { #[event(topic = "orders")]
        pub enum Placed { Paid { cents: u64, by: String }, Open, Gone(u8) } }
    tagged { #[event(topic = "orders")] #[serde(tag = "kind", rename_all = "snake_case")]
        pub enum Placed { IsPaid { cents: u64 }, IsOpen } }
    tagged_narrower { #[event(topic = "orders")] #[serde(tag = "kind", rename_all = "snake_case")]
        pub enum Placed { IsPaid { cents: u64 } } }
    flattened { #[event(topic = "orders")]
        pub struct Placed { order_id: String, #[serde(flatten)] extra: Extra, #[serde(default)] gift: bool } }
    flattened_by_hand { #[event(topic = "orders")]
        pub struct Placed { order_id: String, street: String, zip: Option<String>, #[serde(default)] gift: bool } }
    flattened_narrower { #[event(topic = "orders")]
        pub struct Placed { order_id: String, #[serde(flatten)] extra: Less, #[serde(default)] gift: bool } }
    flattened_map { #[event(topic = "orders")]
        pub struct Placed { order_id: String, #[serde(flatten)] rest: std::collections::BTreeMap<String, u64> } }
}

#[derive(Serialize, Deserialize)]
pub struct Extra {
    street: String,
    zip: Option<String>,
}

#[derive(Serialize, Deserialize)]
pub struct Less {
    street: String,
}

// --- Fields. ---

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
        "contract.rs:",
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
    assert!(self::changes::<base::Placed, camel::Placed>().is_incompatible());
}

// --- Events. ---

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
    assert!(self::changes::<tuple::Placed, unit::Placed>().is_incompatible());
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

// --- Versions. ---

mod versioned {
    use super::*;

    #[derive(Serialize, Deserialize, Event)]
    #[event(topic = "orders", name = "Placed")]
    pub struct PlacedV1 {
        order_id: String,
        total: u64,
        note: Option<String>,
    }

    #[derive(Serialize, Deserialize, Event)]
    #[event(topic = "orders", version = 2, upcast_from = [PlacedV1])]
    pub struct Placed {
        order_id: String,
    }

    impl From<PlacedV1> for Placed {
        fn from(old: PlacedV1) -> Self {
            Self { order_id: old.order_id }
        }
    }
}

mod orphaned {
    use super::*;

    #[derive(Serialize, Deserialize, Event)]
    #[event(topic = "orders", version = 2)]
    pub struct Placed {
        order_id: String,
    }
}

#[test]
fn a_new_version_is_fine_as_long_as_the_old_one_is_read() {
    let was = of::<base::Placed>();
    let both = Registry::default().with::<versioned::Placed>().with::<versioned::PlacedV1>();
    let changes = was.changes_to(&Contract::of(&both).unwrap());
    let kinds: Vec<_> = changes.iter().map(|change| (change.kind(), change.event().to_owned())).collect();
    assert_eq!(kinds, [(ChangeKind::EventAdded, "Placed v2".to_owned())], "{changes}");

    let changes = was.changes_to(&of::<orphaned::Placed>());
    let removed = changes.iter().find(|change| change.kind() == ChangeKind::EventRemoved).unwrap().to_string();
    assert!(
        removed.contains("contract.rs:") && removed.contains("Placed v2") && removed.contains("`upcast_from`"),
        "{removed}"
    );

    let orphan = Registry::default().with::<orphaned::Placed>().with::<versioned::PlacedV1>();
    let changes = Contract::of(&both).unwrap().changes_to(&Contract::of(&orphan).unwrap());
    let kinds: Vec<_> = changes.iter().map(|change| (change.kind(), change.path().to_owned())).collect();
    assert_eq!(kinds, [(ChangeKind::UpcastRemoved, "v1".to_owned())], "{changes}");
}

// --- Enums. ---

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

// --- Flattened fields. ---

#[test]
fn flattened_fields_are_fields() {
    assert!(changes::<flattened::Placed, flattened_by_hand::Placed>().is_empty());
    the_only::<flattened::Placed, flattened_narrower::Placed>(ChangeKind::FieldRemoved, "zip");
    let text = of::<flattened_map::Placed>().to_string();
    assert!(text.contains(r#""*": "u64""#), "{text}");
}

// --- Types within types. ---

mod nested {
    macro_rules! nested {
        ($($build:ident: $status:tt $line:tt)*) => {$(
            pub mod $build {
                use melange::Event;
                use serde::{Deserialize, Serialize};

                #[derive(Serialize, Deserialize)]
                #[serde(rename_all = "lowercase")]
                pub enum Status $status

                #[derive(Serialize, Deserialize)]
                pub struct Line $line

                #[derive(Serialize, Deserialize, Event)]
                #[event(topic = "orders")]
                pub struct Placed {
                    status: Status,
                    lines: Vec<Line>,
                    by_sku: Option<std::collections::HashMap<String, Line>>,
                }
            }
        )*};
    }
    nested! {
        base: { Open, Paid } { price: u64, note: Option<String> }
        narrower: { Open } { price: u64, note: Option<String> }
        wider: { Open, Paid, Shipped } { price: u64, note: Option<String> }
        without: { Open, Paid } { note: Option<String> }
        more: { Open, Paid } { price: u64, note: Option<String>, tax: u64 }
    }
}

#[test]
fn types_within_types_are_guarded_without_a_derive_of_theirs() {
    the_only::<nested::base::Placed, nested::narrower::Placed>(ChangeKind::VariantRemoved, "status::paid");
    the_only::<nested::base::Placed, nested::wider::Placed>(ChangeKind::VariantAdded, "status::shipped");
    for (changes, kind, paths) in [
        (
            changes::<nested::base::Placed, nested::without::Placed>(),
            ChangeKind::FieldRemoved,
            ["by_sku{}.price", "lines[].price"],
        ),
        (
            changes::<nested::base::Placed, nested::more::Placed>(),
            ChangeKind::RequiredFieldAdded,
            ["by_sku{}.tax", "lines[].tax"],
        ),
    ] {
        let found: Vec<_> = changes.iter().map(|change| (change.kind(), change.path())).collect();
        assert_eq!(found, paths.map(|path| (kind, path)), "{changes}");
    }
}

// --- The file. ---

fn file(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_file(&path);
    path
}

#[test]
fn the_text_is_the_same_every_time_and_made_for_people() {
    let registry =
        Registry::default().with::<nested::base::Placed>().with::<versioned::PlacedV1>().with::<keyed::Placed>();
    let text = Contract::of(&registry).unwrap().to_string();
    assert_eq!(text, Contract::of(&registry).unwrap().to_string());
    insta::assert_snapshot!(Contract::of(&Registry::default().with::<nested::base::Placed>()).unwrap());
    assert!(text.ends_with("}\n"));
}

#[test]
fn the_gate_is_one_call() {
    // As cargo would run it where `CI` is not set: what the environment says is set by cargo's own runs only.
    let is_ci = std::env::var_os("CI").is_some();
    let path = file("gate.json");
    let registry = Registry::default().with::<base::Placed>();
    let missing = check_registry(&registry, &path).unwrap_err();
    assert_eq!(missing.kind(), ContractErrorKind::Missing);
    assert!(missing.to_string().contains("MELANGE_BLESS=1 cargo test"), "{missing}");

    Contract::of(&registry).unwrap().write(&path).unwrap();
    assert!(check_registry(&registry, &path).unwrap().is_empty());

    let before = std::fs::read_to_string(&path).unwrap();
    let refused = check_registry(&Registry::default().with::<without::Placed>(), &path).unwrap_err();
    assert_eq!(refused.kind(), ContractErrorKind::Incompatible);
    assert!(refused.changes().is_incompatible() && refused.to_string().contains("gate.json"), "{refused}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), before, "what is refused is not written");

    if !is_ci {
        // What is added compatibly is guarded from then on.
        assert!(
            !check_registry(&Registry::default().with::<with_optional::Placed>(), &path).unwrap().is_incompatible()
        );
        let refused = check_registry(&registry, &path).unwrap_err();
        assert_eq!(refused.changes().iter().next().unwrap().kind(), ChangeKind::FieldRemoved);
    }

    std::fs::write(&path, "{}").unwrap();
    assert_eq!(check_registry(&registry, &path).unwrap_err().kind(), ContractErrorKind::Unreadable);
    std::fs::write(&path, before.replace("\"melange_contract\": 1", "\"melange_contract\": 99")).unwrap();
    let newer = check_registry(&registry, &path).unwrap_err();
    assert!(newer.to_string().contains("newer Melange"), "{newer}");
    let nowhere = Contract::default().write("/nowhere/at/all.json").unwrap_err();
    assert_eq!(nowhere.kind(), ContractErrorKind::Unwritable);
}
