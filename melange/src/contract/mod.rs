//! A gate against events that change under their readers: what goes over the wire is kept in a file of your repository, and a
//! test fails when an event is no longer what it was.
//!
//! ```rust,no_run
//! // tests/contract.rs
//! use my_service as _; // the crate that has the events
//! # extern crate melange as my_service;
//!
//! #[test]
//! fn events_stay_readable() {
//!     melange::assert_contract!("contract.json");
//! }
//! ```
//!
//! Write the file once with `MELANGE_BLESS=1 cargo test`, and commit it. From then on
//!
//! - an incompatible change fails the test, with what was and what is, where, and the way out;
//! - a compatible one is recorded in the file, so that it is guarded from now on: commit that. Where the variable `CI` is set
//!   nothing is written, and what is not recorded fails the test;
//! - `MELANGE_BLESS=1` records whatever is, for a change that is meant: nobody reads the event yet.
//!
//! # What is incompatible
//!
//! A published event is read by services of other builds, and from queues that were filled before yours was deployed. So one
//! version of an event may not change in a way that either of them cannot read:
//!
//! | change | |
//! |---|---|
//! | a field removed, or its name on the wire changed | refused |
//! | the type of a field changed, `u32` to `u64` too, and `String` to `Uuid` | refused |
//! | a variant removed from an enum, or its variants told apart otherwise (`#[serde(tag = "..")]`) | refused |
//! | a field added that must be there; an optional field made required; an `Option` that became a `#[serde(default)]`, which takes no null | refused |
//! | the topic, the key or an attribute changed; alias dropped; an older version no longer read | refused |
//! | an event removed, or made local | refused |
//! | a field added that may be absent (`Option`, `#[serde(default)]`) | fine |
//! | a variant added to an enum; a required field made optional; an optional field added to a struct with `deny_unknown_fields` | fine for new readers of old messages. Deploy readers before publishers: old readers cannot read the new ones |
//! | a new event, a new version beside the old one, an alias, `#[serde(alias = "..")]` | fine |
//!
//! A new version is the way to change what must change: keep the old struct under its version, list it in `upcast_from`.
//!
//! # How deep it looks
//!
//! All the way down: the shapes come from each event's own `Deserialize`, so renames, defaults, newtypes, `try_from` and the
//! types within types count as serde reads them, and nothing has to be derived for them. Texts are told apart by what they
//! take: `string` takes any, `string (uuid)` only those. Of numbers the smallest and the greatest, 0, 1 and -1 are tried: `u8 (not 0)`.
//!
//! What serde reads into a buffer first it does not show: enums with their tag inside (`#[serde(tag = "..")]`), what an enum holds
//! beside its tag (`content = ".."`), and structs with flattened fields. Those are given samples, and known as far as they complain:
//! tags, variants, and the fields that must be there, with their types. A field of theirs that may be absent is seen only when it
//! must be there. Of enums that are `untagged` within events, and of `serde_json::Value`, nothing is known: they stand in the file as
//! `any`. An event that is such an enum, and a flattened field of an event, are known by their source.
//! Local events are left out, as they are on no wire.
//!
//! # What is written must be read
//!
//! The shapes are those that are read. That the same is written, the gate tries: each event is made of samples, written, and read
//! again. What cannot be read fails the test, as a type within that has a `#[serde(rename(serialize = ".."))]` and reads under another
//! name, or a map by numbers in a flattened field, whose keys serde does not read back. So does a value that is lost on the way: of an
//! `Option`, or where a default is filled in, such a name is no error of serde's, and the value is gone without a word. An
//! `#[serde(alias = "..")]` with the name that is written mends it. Of the event's own fields the derive says so.
//! Which one of two names is written is not seen, where both are read: so a `#[serde(rename(serialize = ".."))]` that comes with its
//! alias is called an alias, and older readers do not know it.
//! Types that none of the samples are right for are not tried, nor what may be absent in an enum with its tag inside.
//!
//! In a release build the way into the types is left out of the program, unless the feature `contract` of `melange` is on:
//! `cargo test --release` needs it, in `[dev-dependencies]`.

mod change;
mod compare;
mod document;
mod error;

use std::path::Path;

pub use change::{Change, ChangeKind, Changes};
pub use document::Contract;
pub use error::{ContractError, ContractErrorKind};

use crate::Registry;
use crate::shape::one_way;

/// Set to anything but `0`, it has [`check`] record whatever is.
pub const BLESS: &str = "MELANGE_BLESS";

/// What the linked events are like on the wire, for a file.
///
/// ```rust,standalone_crate
/// # #[derive(serde::Serialize, serde::Deserialize, melange::Event)]
/// # #[event(topic = "orders")]
/// # struct OrderPlaced { order_id: String }
/// let snapshot = melange::contract::snapshot()?;
/// assert!(snapshot.to_string().contains(r#""order_id": "string""#));
/// # Ok::<(), melange::contract::ContractError>(())
/// ```
///
/// # Errors
/// If two linked events have one name and version, or in a release build without the feature `contract`.
pub fn snapshot() -> Result<Contract, ContractError> {
    Contract::of(&Registry::linked().map_err(ContractError::registry)?)
}

/// Whether the linked events are still what `path` says they were: what [`assert_contract!`](crate::assert_contract) asks.
///
/// What has changed in a compatible way is recorded in the file, unless the variable `CI` is set. With `MELANGE_BLESS=1`
/// everything is. To only look, compare by hand: [`Contract::read`] and [`Contract::changes_to`].
///
/// # Errors
/// If an event has changed incompatibly; if there is no such file; in CI, if a compatible change is not recorded in it; if an
/// event cannot read what it writes.
pub fn check(path: impl AsRef<Path>) -> Result<Changes, ContractError> {
    check_registry(&Registry::linked().map_err(ContractError::registry)?, path)
}

/// The same as [`check`], of these events: for a workspace with several services, each with a contract of its own.
///
/// # Errors
/// As [`check`].
pub fn check_registry(registry: &Registry, path: impl AsRef<Path>) -> Result<Changes, ContractError> {
    let (path, is) = (path.as_ref(), Contract::of(registry)?);
    let is_set = |variable: &str| std::env::var_os(variable).is_some_and(|value| !value.is_empty() && value != "0");
    if is_set(BLESS) {
        // What cannot be read, with the marks of a merge in it say, is replaced: that is what was asked for.
        let was = Contract::read(path).unwrap_or_default();
        is.write(path)?;
        return both_ways(registry, path).map(|()| was.changes_to(&is));
    }
    let was = Contract::read(path)?;
    let changes = was.changes_to(&is);
    if changes.is_incompatible() {
        return Err(ContractError::incompatible(path, changes));
    }
    both_ways(registry, path)?;
    if was.to_string() != is.to_string() {
        if is_set("CI") && changes.iter().next().is_some() {
            return Err(ContractError::not_recorded(path, changes));
        }
        if !is_set("CI") {
            is.write(path)?;
        }
    }
    Ok(changes)
}

/// Whether every event reads what it writes.
fn both_ways(registry: &Registry, path: &Path) -> Result<(), ContractError> {
    let found: Vec<_> = registry.events().filter_map(|event| Some((event, one_way(event)?))).collect();
    if found.is_empty() { Ok(()) } else { Err(ContractError::one_way(path, &found)) }
}

/// Records what the linked events are like, whatever they were: as `MELANGE_BLESS=1` does.
///
/// # Errors
/// If the file cannot be written, and as [`snapshot`].
pub fn bless(path: impl AsRef<Path>) -> Result<(), ContractError> {
    snapshot()?.write(path)
}

/// Asserts that the linked events are still what a file says they were: see [`contract`](crate::contract). The path is taken from
/// the package's own directory. Fails the test with every incompatible change, each with file, line and fix.
///
/// ```rust,no_run
/// #[test]
/// fn events_stay_readable() {
///     melange::assert_contract!("contract.json");
/// }
/// ```
#[macro_export]
macro_rules! assert_contract {
    ($path:expr $(,)?) => {
        match $crate::contract::check(::std::path::Path::new(::core::env!("CARGO_MANIFEST_DIR")).join($path)) {
            ::core::result::Result::Ok(changes) => changes,
            ::core::result::Result::Err(error) => ::core::panic!("{error}"),
        }
    };
}
