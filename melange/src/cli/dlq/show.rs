//! `dlq show`: what letters say.

use std::collections::BTreeMap;

use clap::builder::RangedU64ValueParser;
use serde::Serialize;
use serde_json::value::RawValue;

use super::super::text::pretty;
use super::super::{Exit, Failure, Screen, printable};
use super::choice::Choice;
use super::ls::Listed;
use crate::{EventBus, Letter};

/// What `dlq show` is told.
#[derive(Debug, clap::Args)]
pub struct Show {
    /// Those with these ids, as `dlq ls` shows them
    #[arg(value_name = "ID")]
    letters: Vec<String>,

    /// The queue they were given up from; the only one of this program unless said otherwise
    #[arg(long)]
    queue: Option<String>,

    #[command(flatten)]
    choice: Choice,

    /// At most so many
    #[arg(long, value_name = "COUNT", default_value_t = 10, value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    most: usize,
}

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    listed: Listed,
    original_queue: Option<&'a str>,
    attributes: BTreeMap<&'a str, Option<&'a str>>,
    /// Where it is JSON.
    body: Option<&'a RawValue>,
    /// Where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
}

impl<'a> Shown<'a> {
    fn of(queue: &str, letter: &'a Letter) -> Self {
        let text = letter.body();
        let body = text.and_then(|text| serde_json::from_str::<&RawValue>(text).ok());
        let attributes = letter.attributes();
        Self {
            listed: Listed::of(queue, letter),
            original_queue: letter.original_queue(),
            attributes: attributes
                .into_iter()
                .flat_map(|attributes| attributes.iter().map(|(name, _)| (name, attributes.text(name))))
                .collect(),
            body,
            text: text.filter(|_| body.is_none()),
        }
    }

    fn show(&self, screen: &mut Screen) -> Result<(), Failure> {
        let mut field = |name: &str, value: Option<&str>| match value {
            Some(value) => screen.line(format_args!("{name:<12} {}", printable(value))),
            None => Ok(()),
        };
        let listed = &self.listed;
        field("id", Some(&listed.id))?;
        field("event", listed.event_type_name.as_deref())?;
        field("subscriber", listed.subscriber.as_deref())?;
        field("reason", Some(&listed.reason))?;
        field("given up at", listed.given_up_at.as_deref())?;
        field("redrives", Some(&listed.redrives.to_string()))?;
        for (name, value) in &self.attributes {
            field("attribute", Some(&format!("{name} = {}", value.unwrap_or("(binary)"))))?;
        }
        let pretty = self.body.map(|body| pretty(body.get()));
        match (pretty.as_deref(), self.text) {
            (Some(body), _) | (None, Some(body)) => screen.line(printable(body)),
            (None, None) => screen.line("(no message: what came cannot be read at all)"),
        }
    }
}

impl Show {
    pub(super) async fn perform(self, bus: &EventBus, screen: &mut Screen) -> Result<Exit, Failure> {
        let queue = super::queue(bus, self.queue.as_deref(), screen)?;
        let wanted = self.letters.len();
        let most = if wanted > 0 { wanted } else { self.most };
        let choice = self.choice.with_ids(self.letters);
        choice.note_unknown(bus, screen);
        let letters = bus.dead_letters(&queue).list_where(most, |letter| choice.takes(letter)).await?;
        let shown: Vec<Shown<'_>> = letters.iter().map(|letter| Shown::of(&queue, letter)).collect();
        if screen.is_json() {
            screen.json(&shown)?;
        } else {
            for (at, letter) in shown.iter().enumerate() {
                if at > 0 {
                    screen.line("")?;
                }
                letter.show(screen)?;
            }
        }
        if shown.len() < wanted {
            let what = format!(
                "{} of {wanted} dead letters are not in the dead-letter queue of {queue}",
                wanted - shown.len()
            );
            return Err(Failure::new(what)
                .help("a letter that somebody has in hand is not seen: again in a minute")
                .help("`dlq ls` lists those that are there; ids change when letters are put back and given up again"));
        }
        if shown.is_empty() {
            screen.note(choice.none_of(&queue));
        }
        Ok(Exit::Done)
    }
}
