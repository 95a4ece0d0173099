//! `dlq redrive`: putting letters back.

use std::sync::Arc;

use serde::Serialize;

use super::super::{Exit, Failure, Screen};
use super::choice::Choice;
use crate::{EventBus, Redriven};

/// What `dlq redrive` is told.
#[derive(Debug, clap::Args)]
pub struct Redrive {
    /// The queue they were given up from; the only one of this program unless said otherwise
    #[arg(long)]
    queue: Option<String>,

    #[command(flatten)]
    choice: Choice,

    /// At most so many
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    most: Option<u64>,

    /// Leaves those where they are that were put back so often already
    #[arg(long, value_name = "TIMES", default_value_t = 3)]
    loop_guard: u32,

    /// Lets the broker itself move all of them: faster, and without any choice
    #[arg(
        long,
        conflicts_with_all = ["event", "subscriber", "older_than", "newer_than", "reason", "ids", "most", "loop_guard", "dry_run"],
    )]
    natively: bool,

    /// Only says what would be done
    #[arg(long)]
    dry_run: bool,
}

#[derive(Serialize)]
struct Done<'a> {
    queue: &'a str,
    dry_run: bool,
    moved: u64,
    skipped: u64,
    guarded: u64,
    returned: u64,
}

impl Redrive {
    pub(super) async fn perform(self, bus: &EventBus, screen: &mut Screen) -> Result<Exit, Failure> {
        let queue = super::queue(bus, self.queue.as_deref(), screen)?;
        self.choice.note_unknown(bus, screen);
        let letters = bus.dead_letters(&queue);
        // Who may redrive may not be allowed to ask that.
        let total = letters.count().await.unwrap_or(None);
        let progress = Arc::new(screen.progress(if self.dry_run { "looking" } else { "redriving" }, total));
        let mut redrive = letters.redrive();
        redrive = if self.natively {
            redrive.natively()
        } else {
            let choice = self.choice.clone();
            redrive.only(move |letter| choice.takes(letter)).loop_guard(self.loop_guard)
        };
        if let Some(most) = self.most {
            redrive = redrive.most(most);
        }
        if self.dry_run {
            redrive = redrive.dry_run();
        }
        let shown = Arc::clone(&progress);
        let redriven = redrive.on_progress(move |so_far| shown.at(all(so_far))).await;
        progress.end(redriven.as_ref().map_or(0, all));
        let Redriven { moved, skipped, guarded, returned } = redriven?;
        if screen.is_json() {
            screen.json(&Done { queue: &queue, dry_run: self.dry_run, moved, skipped, guarded, returned })?;
        } else {
            let how = if self.dry_run { "would be put back" } else { "put back" };
            screen.line(format_args!(
                "{moved} {how} into {queue}, {skipped} not chosen, {guarded} left by the loop guard"
            ))?;
        }
        if guarded > 0 {
            screen.note(format_args!(
                "{guarded} were put back {} times already, or can be read by nobody: `--loop-guard` with a higher number \
                 puts the former back again",
                self.loop_guard
            ));
        }
        if returned > 0 {
            screen.note(format_args!("{returned} were given up again meanwhile"));
        }
        Ok(Exit::Done)
    }
}

fn all(so_far: &Redriven) -> u64 {
    so_far.moved + so_far.skipped + so_far.guarded
}
