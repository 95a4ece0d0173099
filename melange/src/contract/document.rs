//! A contract as it stands in its file.

use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::compare::compare;
use super::{Changes, ContractError};
use crate::codec::Layout;
use crate::event::EventDescriptor;
use crate::shape::{Shape, of_event};
use crate::{Location, Registry};

/// The form of the file; raised when an older Melange could misread it.
const FORMAT: u32 = 1;

/// The form of events on the wire. `Display` gives the text of its file: pretty JSON, the same for the same events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contract {
    melange_contract: u32,
    pub(super) events: Vec<EventContract>,
}

/// One version of one event. What is not known here, a newer Melange may have written: it is left aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct EventContract {
    pub(super) name: String,
    pub(super) version: u32,
    /// The path of the type, for people.
    #[serde(rename = "type")]
    type_name: String,
    pub(super) topic: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) aliases: Vec<String>,
    /// Older versions that it is made from, directly or by way of others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) reads_versions: Vec<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) attributes: Vec<String>,
    /// The key of the body that it stands under; none when its fields stand beside the envelope's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) under: Option<String>,
    pub(super) body: Shape,
    #[serde(skip)]
    pub(super) at: Option<Location>,
}

impl Contract {
    /// The contract of the events of `registry`, without local ones.
    ///
    /// # Errors
    /// In a release build without the feature `contract`.
    pub fn of(registry: &Registry) -> Result<Self, ContractError> {
        if !crate::shape::IS_TRACED {
            return Err(ContractError::untraced());
        }
        let events = registry.events().filter_map(EventContract::of).collect();
        Ok(Self { melange_contract: FORMAT, events })
    }

    /// Parses the text of a file.
    ///
    /// # Errors
    /// If it is not a contract, or one of a newer Melange.
    pub fn parse(text: &str) -> Result<Self, ContractError> {
        Self::from_text(text, Path::new("(a text)"))
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If it does not exist, or is not a contract.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, ContractError> {
        let path = path.as_ref();
        match fs::read_to_string(path) {
            Ok(text) => Self::from_text(&text, path),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(ContractError::missing(path)),
            Err(error) => Err(ContractError::unreadable(path, error)),
        }
    }

    fn from_text(text: &str, path: &Path) -> Result<Self, ContractError> {
        let contract: Self = serde_json::from_str(text).map_err(|error| ContractError::unreadable(path, error))?;
        if contract.melange_contract > FORMAT {
            return Err(ContractError::unreadable(path, "it was written by a newer Melange"));
        }
        Ok(contract)
    }

    /// Writes a file, replacing it if it exists.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), ContractError> {
        let path = path.as_ref();
        // Beside it first, so that there is never half of it.
        let mut beside = path.as_os_str().to_owned();
        beside.push(format!(".{}.new", std::process::id()));
        let written = fs::write(&beside, self.to_string()).and_then(|()| fs::rename(&beside, path));
        written.map_err(|error| {
            let _ = fs::remove_file(&beside);
            ContractError::unwritable(path, error)
        })
    }

    /// All differences from this contract to `new`.
    #[must_use]
    pub fn changes_to(&self, new: &Self) -> Changes {
        compare(self, new)
    }
}

impl Default for Contract {
    /// Of no events.
    fn default() -> Self {
        Self { melange_contract: FORMAT, events: Vec::new() }
    }
}

impl fmt::Display for Contract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = serde_json::to_string_pretty(self).map_err(|_| fmt::Error)?;
        writeln!(f, "{text}")
    }
}

impl EventContract {
    fn of(event: &'static EventDescriptor) -> Option<Self> {
        let under = match event.codec()?.layout() {
            Layout::Flat { .. } => None,
            Layout::Data => Some("data".to_owned()),
        };
        let key = event.fields().iter().find(|field| field.is_key()).map(|field| field.name().to_owned());
        let sorted = |texts: &[&str]| {
            let mut texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
            texts.sort();
            texts
        };
        let mut reads_versions: Vec<u32> = event.ancestors().iter().map(|old| old.version()).collect();
        reads_versions.sort_unstable();
        reads_versions.dedup();
        Some(Self {
            name: event.name().to_owned(),
            version: event.version(),
            type_name: event.type_name().to_owned(),
            topic: event.topic().map(str::to_owned),
            key: key.or_else(|| event.has_key().then(|| "(a field)".to_owned())),
            aliases: sorted(event.aliases()),
            reads_versions,
            attributes: sorted(event.attributes()),
            under,
            body: of_event(event)?,
            at: Some(event.location()),
        })
    }
}

impl fmt::Display for EventContract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} v{}", self.name, self.version)
    }
}
