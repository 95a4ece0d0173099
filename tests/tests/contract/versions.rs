//! New versions of an event.

use melange::contract::{ChangeKind, Contract};
use melange::{Event, Registry};
use serde::{Deserialize, Serialize};

use crate::builds::base;
use crate::of;

pub(crate) mod versioned {
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
        removed.contains("versions.rs:") && removed.contains("Placed v2") && removed.contains("`upcast_from`"),
        "{removed}"
    );

    let orphan = Registry::default().with::<orphaned::Placed>().with::<versioned::PlacedV1>();
    let changes = Contract::of(&both).unwrap().changes_to(&Contract::of(&orphan).unwrap());
    let kinds: Vec<_> = changes.iter().map(|change| (change.kind(), change.path().to_owned())).collect();
    assert_eq!(kinds, [(ChangeKind::UpcastRemoved, "v1".to_owned())], "{changes}");
}
