//! Which change of an event is refused, and what is said of it.

mod builds;
mod events;
mod fields;
mod file;
mod versions;
mod within;

use melange::contract::{ChangeKind, Changes, Contract};
use melange::{Event, Registry};

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
        assert!(change.location().is_none_or(|at| at.file().contains("/contract/") && at.line() > 1));
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
