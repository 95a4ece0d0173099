//! Message groups and deduplication ids: 1 to 128 characters, and not all of them.

use std::borrow::Cow;
use std::fmt::Write;

use melange::transport::Message;
use sha2::{Digest, Sha256};

use crate::outbox::Parcel;

/// Longest id. Source: the SNS API reference, `Publish`, `MessageGroupId` and `MessageDeduplicationId`.
const LONGEST: usize = 128;

/// Whether AWS takes `id` as it is: letters, digits and ASCII punctuation.
pub(crate) fn is_legal(id: &str) -> bool {
    (1..=LONGEST).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}

/// `id` itself where AWS takes it, else its SHA-256 in hex: the same id always becomes the same, on every machine.
pub(crate) fn legal(id: &str) -> Cow<'_, str> {
    if is_legal(id) {
        return Cow::Borrowed(id);
    }
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(id.as_bytes()) {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    Cow::Owned(hex)
}

/// Says of which group the message is, and, where it goes to a FIFO topic or queue, by what it is known there.
pub(crate) fn address(mut parcel: Parcel, message: &Message, fifo: bool) -> Parcel {
    let key = message.key.as_deref().filter(|key| !key.is_empty());
    if fifo {
        // Without a key there is no order to keep, so each message is a group of its own.
        let dedup_id = message.dedup_id();
        parcel.group = Some(legal(key.unwrap_or(&dedup_id)).into_owned());
        parcel.dedup_id = Some(legal(&dedup_id).into_owned());
    } else {
        // On standard queues a group shares the queue fairly, and says nothing of order.
        parcel.group = key.map(|key| legal(key).into_owned());
    }
    parcel
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn legal_ids_stay_as_they_are() {
        for id in ["o-1", "a!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~z", &"x".repeat(128)] {
            assert_eq!(legal(id), id);
        }
    }

    #[test]
    fn others_become_a_hash_that_never_changes() {
        // By another program: a change here would split the groups of a rolling deploy.
        assert_eq!(legal("ü"), "607474ca475a9724d7360aba71a56d5df77e61350e3f724cfa1f46e857e2d85f");
        assert_eq!(legal("").len(), 64);
        assert_ne!(legal("order 1"), legal("order 2"));
    }

    proptest! {
        #[test]
        fn every_id_becomes_legal(id in ".*") {
            prop_assert!(is_legal(&legal(&id)));
        }
    }
}
