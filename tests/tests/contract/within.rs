//! Types within the types of events.

use melange::contract::ChangeKind;

use crate::{changes, the_only};

pub(crate) mod nested {
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

pub(crate) mod one_field {
    macro_rules! one_field {
        ($($build:ident: $type:ty { $($item:item)* })*) => {$(
            pub mod $build {
                use melange::Event;
                use serde::{Deserialize, Serialize};

                $($item)*

                #[derive(Serialize, Deserialize, Event)]
                #[event(topic = "orders")]
                pub struct Placed {
                    held: $type,
                }
            }
        )*};
    }
    one_field! {
        closed: Held { #[derive(Serialize, Deserialize)] #[serde(deny_unknown_fields)] pub struct Held { a: u8 } }
        closed_more: Held {
            #[derive(Serialize, Deserialize)] #[serde(deny_unknown_fields)] pub struct Held { a: u8, b: Option<u8> }
        }
        opened_more: Held { #[derive(Serialize, Deserialize)] pub struct Held { a: u8, b: Option<u8> } }
        closed_tagged: Held {
            #[derive(Serialize, Deserialize)] #[serde(tag = "by", deny_unknown_fields)] pub enum Held { Card { a: u8 } }
        }
        opened_tagged: Held { #[derive(Serialize, Deserialize)] #[serde(tag = "by")] pub enum Held { Card { a: u8 } } }
        any: u8 {}
        not_zero: std::num::NonZeroU8 {}
        percent: Percent {
            #[derive(Serialize, Deserialize)] #[serde(try_from = "u8", into = "u8")] #[derive(Clone)] pub struct Percent(u8);
            impl TryFrom<u8> for Percent {
                type Error = &'static str;
                fn try_from(value: u8) -> Result<Self, Self::Error> {
                    if value > 100 { Err("no percent") } else { Ok(Self(value)) }
                }
            }
            impl From<Percent> for u8 { fn from(percent: Percent) -> Self { percent.0 } }
        }
        by_not_zero: std::collections::BTreeMap<std::num::NonZeroU8, u8> {}
        flattened: Held {
            #[derive(Serialize, Deserialize)] pub struct Held { at: std::net::IpAddr, #[serde(flatten)] more: More }
            #[derive(Serialize, Deserialize)] pub struct More { first: u8, second: u8 }
        }
        flattened_otherwise: Held {
            #[derive(Serialize, Deserialize)] pub struct Held { at: std::net::IpAddr, #[serde(flatten)] more: More }
            #[derive(Serialize, Deserialize)] pub struct More { first: u8, second: String }
        }
    }
}

#[test]
fn older_readers_that_refuse_unknown_fields_come_first() {
    use one_field::*;
    for said in [
        the_only::<closed::Placed, closed_more::Placed>(ChangeKind::FieldAddedForNewReaders, "held.b"),
        the_only::<closed::Placed, opened_more::Placed>(ChangeKind::FieldAddedForNewReaders, "held.b"),
    ] {
        assert!(said.contains("deploy those that read it before"), "{said}");
    }
    assert!(ChangeKind::FieldAddedForNewReaders.is_readers_first());
    assert!(changes::<opened_more::Placed, closed_more::Placed>().is_empty());
    assert!(changes::<closed_tagged::Placed, opened_tagged::Placed>().is_empty());
    assert!(crate::of::<closed_tagged::Placed>().to_string().contains("only_fields"));
}

#[test]
fn numbers_are_told_apart_by_what_they_take() {
    use one_field::*;
    let said = the_only::<any::Placed, not_zero::Placed>(ChangeKind::TypeChanged, "held");
    assert!(said.contains("after:  u8 (not 0)"), "{said}");
    let said = the_only::<any::Placed, percent::Placed>(ChangeKind::TypeChanged, "held");
    assert!(said.contains("after:  u8 (not the greatest)"), "{said}");
    assert!(crate::of::<by_not_zero::Placed>().to_string().contains("u8 (not 0)"));
}

#[test]
fn the_types_of_flattened_fields_are_known_where_they_must_be_there() {
    use one_field::*;
    let said = the_only::<flattened::Placed, flattened_otherwise::Placed>(ChangeKind::TypeChanged, "held.second");
    assert!(said.contains("before: u8") && said.contains("after:  string"), "{said}");
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
