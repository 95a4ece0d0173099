//! What is read, and has lost a value.

use std::collections::BTreeMap;

use melange::Event;
use serde::{Deserialize, Serialize};

use super::{Note, Page, gate, yes};

#[derive(Serialize, Deserialize)]
struct OptionRenamed {
    #[serde(rename(serialize = "a", deserialize = "b"))]
    name: Option<u8>,
}

#[derive(Serialize, Deserialize)]
struct DefaultRenamed {
    #[serde(default, rename(serialize = "a"))]
    name: String,
}

#[derive(Serialize, Deserialize)]
struct DefaultListRenamed {
    #[serde(default, rename(deserialize = "b"))]
    names: Vec<u8>,
}

fn one() -> u8 {
    1
}

#[derive(Serialize, Deserialize)]
struct Own {
    #[serde(default = "yes", rename(serialize = "a"))]
    active: bool,
    #[serde(default = "one")]
    count: u8,
}

#[derive(Serialize, Deserialize)]
struct OwnNumber {
    #[serde(default = "yes")]
    active: bool,
    #[serde(default = "one", rename(serialize = "c"))]
    count: u8,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default, rename_all(serialize = "camelCase"))]
struct DefaultedContainer {
    id: u8,
    first_name: String,
}

#[derive(Default, Serialize, Deserialize)]
enum Colour {
    #[default]
    Red,
    Green,
}

#[derive(Serialize, Deserialize)]
struct DefaultVariant {
    #[serde(default, rename(serialize = "c"))]
    colour: Colour,
}

#[derive(Serialize, Deserialize)]
enum InsideVariant {
    Plain,
    Named {
        #[serde(rename(serialize = "n"))]
        note: Note,
    },
}

/// Written by hand, under another name than it is read by.
#[derive(Deserialize)]
struct ByHand {
    name: Note,
}

impl Serialize for ByHand {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        BTreeMap::from([("Name", &self.name)]).serialize(serializer)
    }
}

events! {
    LosesOption { at: OptionRenamed }
    LosesDefault { at: DefaultRenamed }
    LosesList { at: DefaultListRenamed }
    LosesOwnBool { at: Own }
    LosesOwnNumber { at: OwnNumber }
    LosesInContainer { at: DefaultedContainer }
    LosesVariant { at: DefaultVariant }
    LosesInVariant { at: InsideVariant }
    LosesInList { at: Vec<OptionRenamed> }
    LosesInMap { at: BTreeMap<String, OptionRenamed> }
    LosesInOption { at: Option<(u8, Page<OptionRenamed>)> }
    LosesByHand { at: ByHand }
}

#[test]
fn a_value_that_is_lost_is_noticed_and_named() {
    for (said, lost) in [
        (gate::<LosesOption>(), "`at.a`"),
        (gate::<LosesDefault>(), "`at.a`"),
        (gate::<LosesList>(), "`at.names`"),
        (gate::<LosesOwnBool>(), "`at.a`"),
        (gate::<LosesOwnNumber>(), "`at.c`"),
        (gate::<LosesInContainer>(), "`at.firstName`"),
        (gate::<LosesVariant>(), "`at.c`"),
        (gate::<LosesInVariant>(), "`at.Named.n`"),
        (gate::<LosesInList>(), "`at[0].a`"),
        (gate::<LosesInMap>(), ".a`"),
        (gate::<LosesInOption>(), "`at[1].items[0].a`"),
        (gate::<LosesByHand>(), "`at.Name`"),
    ] {
        let said = said.expect_err(lost);
        assert!(
            said.contains(lost) && said.contains("contract_both_ways/lost.rs:") && said.contains("alias"),
            "{said}"
        );
    }
}
