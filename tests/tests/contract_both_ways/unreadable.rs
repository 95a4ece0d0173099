//! What cannot be read back.

use std::collections::{BTreeMap, HashMap};

use melange::Event;
use serde::{Deserialize, Serialize};

use super::{Page, gate};

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all(serialize = "camelCase"))]
struct RenamedAll {
    first_name: String,
}

#[derive(Serialize, Deserialize)]
struct Renamed {
    #[serde(rename(serialize = "n"))]
    name: u8,
}

#[derive(Serialize, Deserialize)]
struct NotWritten {
    #[serde(skip_serializing)]
    name: u8,
}

#[derive(Serialize, Deserialize)]
enum Kind {
    Plain,
    Also(u8),
    #[serde(rename(serialize = "third"))]
    Third {
        a: u8,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Tagged {
    A { a: u8 },
    B { by: Renamed },
}

#[derive(Serialize, Deserialize)]
struct ByNumber {
    counts: HashMap<u32, u8>,
}

events! {
    InField { a: RenamedAll }
    InOption { a: Option<Renamed> }
    InList { a: Vec<NotWritten> }
    InMap { a: BTreeMap<String, Renamed> }
    InGeneric { page: Page<Renamed> }
    InVariant { a: Kind }
    InTagged { a: Tagged }
    InTuple { a: (u8, [Box<Renamed>; 1]) }
}

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "things")]
struct Flattened {
    id: u8,
    #[serde(flatten)]
    more: ByNumber,
}

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "things")]
#[serde(tag = "kind")]
enum TagInside {
    A { counts: HashMap<u32, u8> },
}

#[test]
fn keys_that_serde_reads_from_a_buffer_are_texts() {
    for (said, why) in [(gate::<Flattened>(), "in `more`"), (gate::<TagInside>(), "in `counts`")] {
        let said = said.expect_err(why);
        assert!(said.contains(why) && said.contains("u32") && said.contains("take `String`"), "{said}");
    }
    let event = Flattened { id: 1, more: ByNumber { counts: HashMap::from([(1, 2)]) } };
    assert!(serde_json::from_str::<Flattened>(&serde_json::to_string(&event).unwrap()).is_err());
    let event = TagInside::A { counts: HashMap::from([(1, 2)]) };
    assert!(serde_json::from_str::<TagInside>(&serde_json::to_string(&event).unwrap()).is_err());
}

#[test]
fn what_a_type_within_writes_otherwise_is_noticed() {
    for (said, why) in [
        (gate::<InField>(), "missing field `first_name`"),
        (gate::<InOption>(), "missing field `name`"),
        (gate::<InList>(), "missing field `name`"),
        (gate::<InMap>(), "missing field `name`"),
        (gate::<InGeneric>(), "missing field `name`"),
        (gate::<InVariant>(), "unknown variant `third`"),
        (gate::<InTagged>(), "missing field `name`"),
        (gate::<InTuple>(), "missing field `name`"),
    ] {
        let said = said.expect_err(why);
        assert!(
            said.contains(why) && said.contains("contract_both_ways/unreadable.rs:") && said.contains("alias"),
            "{said}"
        );
    }
}
