//! A message as a program without Melange sends it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::content::{Content, attributes_size, plain_type};
use crate::attributes::AttributeValue;
use crate::transport::Body;

/// A message as a program without Melange sends it: any body, any attributes. It is checked when it is published or
/// sent, as a broker does.
///
/// ```
/// use melange::{AttributeValue, MemoryTransport};
/// use melange::transport::memory::{Outgoing, QueueSettings, Receive};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let account = MemoryTransport::new().account();
/// account.create_queue("orders.fifo", QueueSettings::new())?;
/// let order = Outgoing::new(r#"{"total": 42}"#)
///     .attribute("currency", AttributeValue::String("EUR".to_owned()))
///     .group("customer-7")
///     .dedup_id("order-1");
/// account.send("orders.fifo", order.clone())?;
/// account.send("orders.fifo", order)?; // the same deduplication id: taken, and not kept
/// assert_eq!(account.receive("orders.fifo", Receive::up_to(10)).await?.len(), 1);
/// # Ok::<(), melange::transport::memory::Refused>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct Outgoing {
    pub(super) body: Arc<str>,
    pub(super) attributes: Vec<Typed>,
    pub(super) group: Option<String>,
    pub(super) dedup_id: Option<String>,
    pub(super) delay: Option<Duration>,
    pub(super) subject: Option<String>,
}

/// An attribute with the type it is sent under.
#[derive(Clone)]
pub(super) struct Typed {
    pub(super) name: String,
    pub(super) data_type: String,
    pub(super) value: AttributeValue,
}

impl Outgoing {
    /// A message with this body and no attributes.
    #[must_use]
    pub fn new(body: impl Into<Arc<str>>) -> Self {
        Self { body: body.into(), attributes: Vec::new(), group: None, dedup_id: None, delay: None, subject: None }
    }

    /// With this attribute, replacing a previous value.
    #[must_use]
    pub fn attribute(self, name: impl Into<String>, value: AttributeValue) -> Self {
        let data_type = plain_type(&value);
        self.labelled(name, data_type, value)
    }

    /// With this attribute and a custom type: `String.isbn`, `Number.float`, `Binary.gif`.
    #[must_use]
    pub fn labelled(mut self, name: impl Into<String>, data_type: impl Into<String>, value: AttributeValue) -> Self {
        let name = name.into();
        self.attributes.retain(|known| known.name != name);
        self.attributes.push(Typed { name, data_type: data_type.into(), value });
        self
    }

    /// With this `String.Array`: a JSON list of texts, numbers, `true`, `false` and `null`, whose elements filter
    /// policies look at one by one.
    #[must_use]
    pub fn array(self, name: impl Into<String>, json: impl Into<String>) -> Self {
        self.labelled(name, "String.Array", AttributeValue::String(json.into()))
    }

    /// In this message group: ordered on FIFO topics and queues; on others, only a fair share of the queue.
    #[must_use]
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.group = Some(group.into());
        self
    }

    /// With this deduplication id, which FIFO topics and queues accept once in five minutes.
    #[must_use]
    pub fn dedup_id(mut self, id: impl Into<String>) -> Self {
        self.dedup_id = Some(id.into());
        self
    }

    /// Not receivable before this delay is over; for queues, not for topics.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = Some(delay);
        self
    }

    /// With this subject, which appears only in the SNS envelope.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Its size in bytes, as the broker counts it.
    #[must_use]
    pub fn size(&self) -> usize {
        self.body.len() + attributes_size(self.typed())
    }

    pub(super) fn typed(&self) -> impl Iterator<Item = (&str, &str, &AttributeValue)> {
        self.attributes.iter().map(|typed| (typed.name.as_str(), typed.data_type.as_str(), &typed.value))
    }

    /// What it holds, with nothing known beside it.
    pub(super) fn content(&self) -> Content {
        let labelled = |typed: &&Typed| typed.data_type != plain_type(&typed.value);
        let label = |typed: &Typed| (typed.name.clone(), typed.data_type.clone());
        let labels: BTreeMap<String, String> = self.attributes.iter().filter(labelled).map(label).collect();
        Content {
            event_id: None,
            occurred_on: None,
            body: Body::Json(Arc::clone(&self.body)),
            attributes: self.attributes.iter().map(|typed| (typed.name.clone(), typed.value())).collect(),
            labels: (!labels.is_empty()).then(|| Arc::new(labels)),
            topic: None,
        }
    }
}

impl Typed {
    /// As it arrives. Source: the developer guides, message attributes: numbers lose the zeros at their ends.
    fn value(&self) -> AttributeValue {
        match &self.value {
            AttributeValue::Number(text) => AttributeValue::Number(without_zeros(text)),
            other => other.clone(),
        }
    }
}

/// `-007.50` is `-7.5`. What is written with an exponent stays as it is.
fn without_zeros(number: &str) -> String {
    if !number.bytes().all(|byte| byte.is_ascii_digit() || b"+-.".contains(&byte)) {
        return number.to_owned();
    }
    let digits = number.trim_start_matches(['+', '-']);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let whole = if whole.is_empty() { "0" } else { whole };
    let (point, is_zero) = (if fraction.is_empty() { "" } else { "." }, whole == "0" && fraction.is_empty());
    let sign = if number.starts_with('-') && !is_zero { "-" } else { "" };
    format!("{sign}{whole}{point}{fraction}")
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the content: payloads do not belong in logs.
        f.debug_struct("Outgoing").field("bytes", &self.size()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::without_zeros;

    #[test]
    fn numbers_lose_the_zeros_at_their_ends_and_no_others() {
        for (written, arrives) in [
            ("7", "7"),
            ("-007.50", "-7.5"),
            ("100", "100"),
            ("0.0", "0"),
            ("-0", "0"),
            ("+3", "3"),
            (".5", "0.5"),
            ("10.010", "10.01"),
            ("1.50e3", "1.50e3"),
        ] {
            assert_eq!(without_zeros(written), arrives, "{written}");
        }
    }
}
