//! `dlq ls`: what lies there.

use clap::builder::RangedU64ValueParser;
use serde::Serialize;

use super::super::age::spoken;
use super::super::{Exit, Failure, Row, Screen};
use super::choice::{Choice, age_of, name_of};
use crate::{EventBus, Letter};

/// What `dlq ls` is told.
#[derive(Debug, clap::Args)]
pub struct Ls {
    /// The queue they were given up from; all of this program unless said otherwise
    #[arg(long)]
    queue: Option<String>,

    #[command(flatten)]
    choice: Choice,

    /// At most so many of each queue
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    most: usize,
}

/// A dead letter, without what it says.
#[derive(Serialize)]
pub(super) struct Listed {
    pub(super) queue: String,
    pub(super) id: String,
    pub(super) event_type_name: Option<String>,
    pub(super) subscriber: Option<String>,
    pub(super) reason: String,
    pub(super) redrives: u32,
    pub(super) given_up_at: Option<String>,
    pub(super) age_seconds: Option<u64>,
}

impl Listed {
    pub(super) fn of(queue: &str, letter: &Letter) -> Self {
        Self {
            queue: queue.to_owned(),
            id: letter.message_id().to_owned(),
            event_type_name: name_of(letter),
            subscriber: letter.subscriber().map(str::to_owned),
            reason: letter.reason().to_owned(),
            redrives: letter.redrives(),
            given_up_at: letter.sent_at().map(|at| at.to_string()),
            age_seconds: age_of(letter).map(|age| age.as_secs()),
        }
    }
}

impl Row for Listed {
    const HEAD: &'static [&'static str] = &["QUEUE", "ID", "EVENT", "SUBSCRIBER", "AGE", "REDRIVES", "REASON"];

    fn cells(&self) -> Vec<String> {
        let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let age = self.age_seconds.map(|age| spoken(std::time::Duration::from_secs(age)));
        vec![
            self.queue.clone(),
            self.id.clone(),
            or_none(&self.event_type_name),
            or_none(&self.subscriber),
            or_none(&age),
            self.redrives.to_string(),
            self.reason.clone(),
        ]
    }
}

impl Ls {
    pub(super) async fn perform(self, bus: &EventBus, screen: &mut Screen) -> Result<Exit, Failure> {
        let mut listed = Vec::new();
        let mut more = false;
        let queues = super::queues(bus, self.queue.as_deref(), screen)?;
        self.choice.note_unknown(bus, screen);
        for queue in &queues {
            // One more than is shown tells whether there are more.
            let most = self.most.saturating_add(1);
            let mut letters = bus.dead_letters(queue).list_where(most, |letter| self.choice.takes(letter)).await?;
            more |= letters.len() > self.most;
            letters.truncate(self.most);
            listed.extend(letters.iter().map(|letter| Listed::of(queue, letter)));
        }
        if listed.is_empty() {
            screen.note(self.choice.none_of(&queues.join(", ")));
        }
        screen.rows(&listed)?;
        if more {
            screen.note(format_args!("and more: `--most` says how many of each queue are listed, {} now", self.most));
        }
        Ok(Exit::Done)
    }
}
