//! A guard against incompatible changes to events: the form of events on the wire is kept in a file in your repository,
//! and a test fails when an event no longer matches it.
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
//! - an incompatible change fails the test, which reports the old and the new state, the location and the fix;
//! - a compatible one is recorded in the file, so that it is guarded from now on: commit that. Where the variable `CI`
//!   is set nothing is written, and what is not recorded fails the test;
//! - `MELANGE_BLESS=1` records everything, for an intended change: nobody reads the event yet.
//!
//! # What is incompatible
//!
//! A published event is read by services of other builds, and your service reads queues that were filled before it was
//! deployed. So one version of an event must not change in a way that breaks either of them:
//!
//! | change | |
//! |---|---|
//! | a field removed, or its name on the wire changed | refused |
//! | the type of a field changed, even `u32` to `u64` or `String` to `Uuid` | refused |
//! | a variant removed from an enum, or its variants tagged differently (`#[serde(tag = "..")]`) | refused |
//! | a required field added; an optional field made required; an `Option` that became a `#[serde(default)]`, which takes no null | refused |
//! | the topic, the key or an attribute changed; alias dropped; an older version no longer read | refused |
//! | an event removed, or made local | refused |
//! | an optional field added (`Option`, `#[serde(default)]`) | fine |
//! | a variant added to an enum; a required field made optional; an optional field added to a struct with `deny_unknown_fields` | fine for new readers of old messages. Deploy readers before publishers: old readers cannot read the new ones |
//! | a new event, a new version beside the old one, an alias, `#[serde(alias = "..")]` | fine |
//!
//! To make an incompatible change, add a new version: keep the old struct under its version, and list it in
//! `upcast_from`.
//!
//! # How deep it looks
//!
//! All the way down: the shapes come from each event's own `Deserialize`, so renames, defaults, newtypes, `try_from`
//! and nested types count as serde reads them, and need no derive. Strings are told apart by what they accept: `string`
//! accepts any, `string (uuid)` only UUIDs. Of numbers, the smallest and greatest, 0, 1 and -1 are
//! tried: `u8 (not 0)`.
//!
//! Serde does not show what it buffers before reading: internally tagged enums (`#[serde(tag = "..")]`), the content of
//! adjacently tagged ones (`content = ".."`), and structs with flattened fields. The contract probes these with
//! samples, and learns what their errors reveal: tags, variants, and required fields with their types. An optional
//! field of such a type is noticed only once it becomes required. Nothing is known of `untagged` enums within events,
//! nor of `serde_json::Value`: the file has `any` for them. For an event that is itself such an enum, and for a
//! flattened field of an event, the source is used. Local events are left out, because they are never on the wire.
//!
//! # Round trips
//!
//! The shapes are those that are read. To test that the same is written, each event is built from samples, serialized,
//! and read again. The test fails if that cannot be read: for example, if a nested type has a `#[serde(rename(serialize
//! = ".."))]` and reads another name, or for a map with number keys in a flattened field, which serde does not read
//! back. It also fails if a value is lost on the way: for an `Option`, or where a default is filled in, serde reports
//! no error for such a name, and silently drops the value. An `#[serde(alias = "..")]` with the name that is written
//! fixes it. For the event's own fields, the derive reports it. If both names
//! are read, the test does not see which one is written: a `#[serde(rename(serialize = ".."))]` that comes with its alias
//! counts as an alias, and older readers do not know it. Types that no sample fits are not tested, nor are
//! optional fields in internally tagged enums.
//!
//! In a release build, the code that looks into the types is left out unless the feature `contract` of `melange` is on:
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

/// If set to anything but `0`, [`check`] records everything.
pub const BLESS: &str = "MELANGE_BLESS";

/// The contract of the linked events, for a file.
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
/// If two linked events have the same name and version, or in a release build without the feature `contract`.
pub fn snapshot() -> Result<Contract, ContractError> {
    Contract::of(&Registry::linked().map_err(ContractError::registry)?)
}

/// Checks that the linked events still match the contract in `path`: this is what
/// [`assert_contract!`](crate::assert_contract) does.
///
/// Compatible changes are recorded in the file, unless the variable `CI` is set. With `MELANGE_BLESS=1`, all changes
/// are. To only look, compare by hand: [`Contract::read`] and [`Contract::changes_to`].
///
/// # Errors
/// If an event has changed incompatibly; if there is no such file; in CI, if a compatible change is not recorded in it;
/// if an event cannot read what it writes.
pub fn check(path: impl AsRef<Path>) -> Result<Changes, ContractError> {
    check_registry(&Registry::linked().map_err(ContractError::registry)?, path)
}

/// Like [`check`], for the events of `registry`: for a workspace with several services, each with its own contract.
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

/// Records the linked events, whatever they were before: as `MELANGE_BLESS=1` does.
///
/// # Errors
/// If the file cannot be written, and as [`snapshot`].
pub fn bless(path: impl AsRef<Path>) -> Result<(), ContractError> {
    snapshot()?.write(path)
}

/// Asserts that the linked events still match the contract in a file: see [`contract`](crate::contract). The path is
/// relative to the package's own directory. Fails the test with every incompatible change, each with file, line and
/// fix.
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
