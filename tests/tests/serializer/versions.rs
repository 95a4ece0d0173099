//! Names, aliases and versions.

use melange::Event;
use serde::{Deserialize, Serialize};

use crate::{linked, object};

#[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "stock", alias = ["ItemStored", "ItemPut"])]
struct ItemShelved {
    item: String,
}

#[test]
fn an_alias_is_read_and_the_present_name_is_written() {
    for name in ["ItemShelved", "ItemStored", "ItemPut"] {
        let read = linked().deserialize(&format!(r#"{{"event_type_name": "{name}", "item": "i"}}"#)).unwrap();
        assert_eq!((read.name(), read.metadata().event_type_name.as_ref()), ("ItemShelved", name));
        assert_eq!(read.downcast::<ItemShelved>().unwrap(), ItemShelved { item: "i".to_owned() });
    }
    let json = linked().serialize(&ItemShelved { item: "i".to_owned() }).unwrap();
    assert_eq!(object(&json)["event_type_name"], "ItemShelved");
}

/// The first version had another name, which the second knows as an alias.
#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "people", name = "UserMade")]
struct UserMadeV1 {
    name: String,
}

#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "people", name = "UserAdded", version = 2, alias = ["UserMade"], upcast_from = [UserMadeV1])]
struct UserAddedV2 {
    first: String,
    last: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "people", version = 3, upcast_from = [UserAddedV2])]
struct UserAdded {
    full: String,
    letters: usize,
}

impl From<UserMadeV1> for UserAddedV2 {
    fn from(old: UserMadeV1) -> Self {
        let (first, last) = old.name.split_once(' ').unwrap_or((&old.name, ""));
        Self { first: first.to_owned(), last: last.to_owned() }
    }
}

impl From<UserAddedV2> for UserAdded {
    fn from(old: UserAddedV2) -> Self {
        let full = format!("{}, {}", old.last, old.first);
        Self { letters: full.len(), full }
    }
}

/// The event was renamed later than it got its second version: only the newest knows the old name.
#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "people", name = "UserRemoved")]
struct UserRemovedV1 {
    id: u64,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "people", version = 2, alias = ["UserDeleted"], upcast_from = [UserRemovedV1])]
struct UserRemoved {
    user_id: String,
}

impl From<UserRemovedV1> for UserRemoved {
    fn from(old: UserRemovedV1) -> Self {
        Self { user_id: format!("u-{}", old.id) }
    }
}

/// What was read, the name and the version it was written under, and the version it is of now.
fn read_user(json: &str) -> (UserAdded, String, u32, u32) {
    let read = linked().deserialize(json).unwrap();
    let (name, written, now) = (read.metadata().event_type_name.to_string(), read.metadata().version, read.version());
    (read.downcast().unwrap(), name, written, now)
}

#[test]
fn older_versions_are_lifted_to_the_newest_step_by_step() {
    let ada = UserAdded { full: "Lovelace, Ada".to_owned(), letters: 13 };
    for (json, name, written) in [
        (
            r#"{"event_type_name": "UserAdded", "event_version": 3, "full": "Lovelace, Ada", "letters": 13}"#,
            "UserAdded",
            3,
        ),
        (r#"{"event_type_name": "UserAdded", "event_version": 2, "first": "Ada", "last": "Lovelace"}"#, "UserAdded", 2),
        (r#"{"event_type_name": "UserMade", "event_version": 2, "first": "Ada", "last": "Lovelace"}"#, "UserMade", 2),
        (r#"{"event_type_name": "UserMade", "event_version": 1, "name": "Ada Lovelace"}"#, "UserMade", 1),
        // No version: Python melange never wrote one, so it is of the first.
        (r#"{"event_type_name": "UserMade", "name": "Ada Lovelace"}"#, "UserMade", 1),
        (r#"{"event_type_name": "UserMade", "event_version": null, "name": "Ada Lovelace"}"#, "UserMade", 1),
        (r#"{"event_type_name": "UserMade", "event_version": "1", "name": "Ada Lovelace"}"#, "UserMade", 1),
        // A producer that took the new name and kept the old form.
        (r#"{"event_type_name": "UserAdded", "event_version": 1, "name": "Ada Lovelace"}"#, "UserAdded", 1),
        (r#"{"event_type_name": "UserAdded", "name": "Ada Lovelace"}"#, "UserAdded", 1),
        (
            r#"{"specversion": "1.0", "type": "UserMade", "id": "1", "source": "/x", "eventversion": 1, "data": {"name": "Ada Lovelace"}}"#,
            "UserMade",
            1,
        ),
    ] {
        assert_eq!(read_user(json), (ada.clone(), name.to_owned(), written, 3), "{json}");
    }
}

#[test]
fn an_alias_of_the_newest_version_is_a_name_of_the_older_ones_too() {
    for json in [
        r#"{"event_type_name": "UserDeleted", "event_version": 1, "id": 7}"#,
        r#"{"event_type_name": "UserDeleted", "id": 7}"#,
        r#"{"event_type_name": "UserRemoved", "id": 7}"#,
        r#"{"event_type_name": "UserDeleted", "event_version": 2, "user_id": "u-7"}"#,
    ] {
        let read = linked().deserialize(json).unwrap_or_else(|error| panic!("{json}: {error}"));
        assert_eq!(read.downcast::<UserRemoved>().unwrap(), UserRemoved { user_id: "u-7".to_owned() });
    }
}
