//! Publishing.

use std::sync::Arc;

use super::Asked;
use super::xml::{element, list};
use crate::account::Publishing;
use crate::answer::Done;
use crate::content::Content;
use crate::fault::What;
use crate::refusal::Refusal;
use crate::sqs::batch::{self, Fate};

pub(super) fn one(asked: &Asked<'_>) -> Result<Done, Refusal> {
    let arn = asked.topic()?;
    let publishing = publishing(asked, "")?;
    let bytes = publishing.content.size();
    let Asked { shared, .. } = asked;
    let published = shared.account().publish(arn, publishing, &shared.clock, &shared.endpoint())?;
    let done = asked.answer(|result| {
        element(result, "MessageId", &published.message_id);
        if let Some(sequence) = &published.sequence {
            element(result, "SequenceNumber", sequence);
        }
    });
    Ok(Done { entries: Some(1), bytes, ..done })
}

/// An entry that was taken: its id, the message's id and sequence number.
type Taken = (String, Arc<str>, Option<Arc<str>>);
/// One that was not: its id, code, message, and whether the sender is at fault.
type Failed = (String, String, String, bool);

pub(super) fn batch(asked: &Asked<'_>, fault: &What) -> Result<Done, Refusal> {
    let arn = asked.topic()?;
    let Asked { shared, form, .. } = asked;
    let mut account = shared.account();
    let most = account.topic(arn)?.max_bytes();
    let starts = form.entries();
    let ids: Vec<String> =
        starts.iter().map(|start| form.get(&format!("{start}Id")).unwrap_or_default().to_owned()).collect();
    batch::check(ids.iter().map(String::as_str))?;
    let entries: Vec<_> = starts.iter().map(|start| publishing(asked, start)).collect();
    let bytes = entries.iter().map(|entry| entry.as_ref().map_or(0, |entry| entry.content.size())).sum();
    if bytes > most {
        let what = format!("The length of all the messages put together is more than the limit: {bytes} > {most}");
        return Err(Refusal::new("BatchRequestTooLong", what));
    }
    let endpoint = shared.endpoint();
    let (mut taken, mut failed): (Vec<Taken>, Vec<Failed>) = (Vec::new(), Vec::new());
    for (place, (id, entry)) in ids.into_iter().zip(entries).enumerate() {
        let fate = batch::fate(fault, place);
        if let Fate::Failed { code, sender_fault } = fate {
            failed.push((id, code.to_owned(), "injected".to_owned(), sender_fault));
            continue;
        }
        if fate == (Fate::Omitted { processed: false }) {
            continue;
        }
        let published = entry.and_then(|entry| account.publish(arn, entry, &shared.clock, &endpoint));
        match published {
            _ if fate != Fate::Done => {}
            Ok(published) => taken.push((id, published.message_id, published.sequence)),
            Err(refusal) => failed.push((id, refusal.code.into_owned(), refusal.message, true)),
        }
    }
    let entries = starts.len();
    let done = asked.answer(|result| {
        list(result, "Successful", taken, |member, (id, message_id, sequence)| {
            element(member, "Id", &id);
            element(member, "MessageId", &message_id);
            if let Some(sequence) = sequence {
                element(member, "SequenceNumber", &sequence);
            }
        });
        list(result, "Failed", failed, |member, (id, code, message, sender_fault)| {
            element(member, "Id", &id);
            element(member, "Code", &code);
            element(member, "Message", &message);
            element(member, "SenderFault", if sender_fault { "true" } else { "false" });
        });
    });
    Ok(Done { entries: Some(entries), bytes, ..done })
}

/// The message whose fields begin with `start`.
fn publishing(asked: &Asked<'_>, start: &str) -> Result<Publishing, Refusal> {
    let text = |name: &str| asked.form.get(&format!("{start}{name}"));
    if text("MessageStructure").is_some() {
        return Err(Refusal::parameter("MessageStructure is not supported by this stub"));
    }
    Ok(Publishing {
        content: Content::new(text("Message").unwrap_or_default(), asked.form.attributes(start)?),
        subject: text("Subject").map(str::to_owned),
        group: text("MessageGroupId").map(Arc::from),
        deduplication_id: text("MessageDeduplicationId").map(Arc::from),
    })
}
