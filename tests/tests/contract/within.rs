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
