//! `dlq drop`: deleting letters.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

use super::super::ask::says_yes;
use super::super::{Exit, Failure, Screen};
use super::choice::Choice;
use crate::{EventBus, Letter};

/// What `dlq drop` is told.
#[derive(Debug, clap::Args)]
pub struct Drop {
    /// The queue they were given up from; the only one of this program unless said otherwise
    #[arg(long)]
    queue: Option<String>,

    #[command(flatten)]
    choice: Choice,

    /// Does not ask
    #[arg(long, short)]
    yes: bool,

    /// Only says what would be done
    #[arg(long)]
    dry_run: bool,
}

#[derive(Serialize)]
struct Done<'a> {
    queue: &'a str,
    dry_run: bool,
    dropped: u64,
}

impl Drop {
    pub(super) async fn perform(self, bus: &EventBus, screen: &mut Screen) -> Result<Exit, Failure> {
        if !self.yes && !self.dry_run && !screen.can_ask() {
            return Err(Failure::usage("dead letters are deleted for ever, and there is nobody to ask")
                .help("`--dry-run` says how many that would be; `--yes` deletes them"));
        }
        let queue = super::queue(bus, self.queue.as_deref(), screen)?;
        self.choice.note_unknown(bus, screen);
        let letters = bus.dead_letters(&queue);
        if self.dry_run || !self.yes {
            let chosen = self.count(bus, &queue).await?;
            if self.dry_run {
                return self.show(&queue, chosen, screen);
            }
            let question = format!("Delete {chosen} dead letters of {queue} for ever?");
            if chosen == 0 || !says_yes(&question) {
                return self.show(&queue, 0, screen);
            }
        }
        let progress = screen.progress("deleting", letters.count().await.unwrap_or(None));
        let seen = AtomicU64::new(0);
        let dropped = letters
            .delete(|letter| {
                let takes = self.choice.takes(letter);
                progress.at(seen.fetch_add(u64::from(takes), Ordering::Relaxed) + u64::from(takes));
                takes
            })
            .await;
        progress.end(*dropped.as_ref().unwrap_or(&0));
        self.show(&queue, dropped?, screen)
    }

    /// How many are meant. They are let go of one by one, so that a full queue takes no memory.
    async fn count(&self, bus: &EventBus, queue: &str) -> Result<u64, Failure> {
        let chosen = AtomicU64::new(0);
        let letters = bus.dead_letters(queue);
        let count = |letter: &Letter| {
            chosen.fetch_add(u64::from(self.choice.takes(letter)), Ordering::Relaxed);
            false
        };
        letters.list_where(1, count).await?;
        Ok(chosen.into_inner())
    }

    fn show(&self, queue: &str, dropped: u64, screen: &mut Screen) -> Result<Exit, Failure> {
        if screen.is_json() {
            screen.json(&Done { queue, dry_run: self.dry_run, dropped })?;
        } else {
            let how = if self.dry_run { "would be deleted" } else { "deleted" };
            screen.line(format_args!("{dropped} dead letters of {queue} {how}"))?;
        }
        Ok(Exit::Done)
    }
}
