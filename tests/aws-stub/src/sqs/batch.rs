//! Batches: what is wrong with one as a whole, and what each entry is answered.

use std::collections::HashSet;

use serde::Serialize;

use crate::fault::What;
use crate::refusal::Refusal;

/// Most entries. Source: the SQS API reference.
const MOST: usize = 10;

/// The ids must be as SQS wants them.
pub(crate) fn check<'a>(ids: impl ExactSizeIterator<Item = &'a str>) -> Result<(), Refusal> {
    if ids.len() == 0 {
        return Err(Refusal::new("EmptyBatchRequest", "There should be at least one entry in the request."));
    }
    if ids.len() > MOST {
        let what = format!("Maximum number of entries per request are 10. You have sent {}.", ids.len());
        return Err(Refusal::new("TooManyEntriesInBatchRequest", what));
    }
    let mut seen = HashSet::new();
    for id in ids {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if id.is_empty() || id.len() > 80 || !id.bytes().all(legal) {
            let what = "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.";
            return Err(Refusal::new("InvalidBatchEntryId", what));
        }
        if !seen.insert(id) {
            return Err(Refusal::new("BatchEntryIdsNotDistinct", format!("Id {id} repeated.")));
        }
    }
    Ok(())
}

/// What a fault makes of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate<'a> {
    Done,
    Failed {
        code: &'a str,
        sender_fault: bool,
    },
    /// In neither list; done all the same, or not.
    Omitted {
        processed: bool,
    },
}

pub(crate) fn fate(fault: &What, place: usize) -> Fate<'_> {
    match fault {
        What::FailEntries { places, code, sender_fault } if places.contains(&place) => {
            Fate::Failed { code, sender_fault: *sender_fault }
        }
        What::OmitEntries { places, processed } if places.contains(&place) => Fate::Omitted { processed: *processed },
        _ => Fate::Done,
    }
}

/// What SQS answers to a batch.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Answers<T> {
    pub(super) successful: Vec<T>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failed: Vec<Failed>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Failed {
    id: String,
    sender_fault: bool,
    code: String,
    message: String,
}

impl<T> Answers<T> {
    pub(super) fn new() -> Self {
        Self { successful: Vec::new(), failed: Vec::new() }
    }

    /// Carries out the entry at `place`, unless `fault` is about it.
    pub(super) fn entry(&mut self, fault: &What, place: usize, id: &str, run: impl FnOnce() -> Result<T, Refusal>) {
        match fate(fault, place) {
            Fate::Done => match run() {
                Ok(done) => self.successful.push(done),
                Err(refusal) => self.failed.push(Failed {
                    id: id.to_owned(),
                    sender_fault: true,
                    code: refusal.entry_code(),
                    message: refusal.message,
                }),
            },
            Fate::Failed { code, sender_fault } => self.failed.push(Failed {
                id: id.to_owned(),
                sender_fault,
                code: code.to_owned(),
                message: "injected".to_owned(),
            }),
            Fate::Omitted { processed: true } => drop(run()),
            Fate::Omitted { processed: false } => {}
        }
    }
}
