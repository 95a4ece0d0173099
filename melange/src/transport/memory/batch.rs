//! Calls for several messages at once, and what became of each.

use std::collections::HashSet;

use super::refused::{Refused, RefusedKind};

/// Most entries of a batch. Source: the API references of SNS and SQS.
const MOST: usize = 10;
/// Longest id of an entry.
const LONGEST_ID: usize = 80;

/// The result of a batch: the entries that succeeded, and those that were refused.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BatchAnswer<T> {
    /// The entries that succeeded, by their ids, each with its result.
    pub successful: Vec<(String, T)>,
    /// The entries that were refused.
    pub failed: Vec<FailedEntry>,
}

/// An entry of a batch that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailedEntry {
    /// Its id.
    pub id: String,
    /// Why.
    pub refused: Refused,
    /// Whether sending it again unchanged makes no sense.
    pub sender_fault: bool,
}

/// Does every entry of a batch on its own.
///
/// # Errors
/// When there are none or more than ten, or their ids are not what they are to be: then none was done.
pub(super) fn each<I, T>(
    entries: Vec<(String, I)>,
    whole: impl FnOnce(&[(String, I)]) -> Result<(), Refused>,
    mut one: impl FnMut(I) -> Result<T, Refused>,
) -> Result<BatchAnswer<T>, Refused> {
    if entries.is_empty() {
        return Err(Refused::new(RefusedKind::EmptyBatch, "a batch must have entries"));
    }
    if entries.len() > MOST {
        let what = format!("a batch has {} entries, where {MOST} are the most", entries.len());
        return Err(Refused::new(RefusedKind::TooManyEntries, what));
    }
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    let is_id = |id: &str| (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(legal);
    if let Some((id, _)) = entries.iter().find(|(id, _)| !is_id(id)) {
        let what = format!("the id {id:?} of an entry is none: 1 to {LONGEST_ID} letters, digits, `_` and `-`");
        return Err(Refused::new(RefusedKind::InvalidEntryId, what));
    }
    let mut seen = HashSet::new();
    if let Some((id, _)) = entries.iter().find(|(id, _)| !seen.insert(id)) {
        return Err(Refused::new(RefusedKind::IdsNotDistinct, format!("the id {id:?} comes twice in a batch")));
    }
    whole(&entries)?;
    let mut answer = BatchAnswer { successful: Vec::new(), failed: Vec::new() };
    for (id, entry) in entries {
        match one(entry) {
            Ok(given) => answer.successful.push((id, given)),
            Err(refused) => answer.failed.push(FailedEntry { id, refused, sender_fault: true }),
        }
    }
    Ok(answer)
}

/// Refuses a batch that is too large as a whole.
pub(super) fn total(who: &str, bytes: usize, most: usize) -> Result<(), Refused> {
    if bytes <= most {
        return Ok(());
    }
    let what = format!("{who}: a batch has {bytes} bytes, attributes included, where {most} are taken together");
    Err(Refused::new(RefusedKind::BatchTooLong, what))
}
