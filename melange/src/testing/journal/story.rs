//! What happened, in words: a line for each step.

use std::fmt;
use std::time::Duration;

use super::{Journal, Place, PublishedEntry, RunEntry};
use crate::testing::show::{show, show_body};

impl Journal {
    /// The last so many steps in their order, each with when it was and what it was; and how many there are in all.
    pub(crate) fn last(&self, count: usize) -> (Vec<(Duration, String)>, usize) {
        let pages = self.pages();
        let mut steps: Vec<(Place, Step<'_>)> = Vec::new();
        steps.extend(pages.published.iter().map(|entry| (entry.place, Step::Published(entry))));
        steps.extend(pages.runs.iter().map(|run| (run.place, Step::Run(run))));
        steps.extend(pages.notes.iter().map(|(place, note)| (*place, Step::Note(note))));
        steps.sort_by_key(|(place, _)| *place);
        let all = steps.len();
        (steps.iter().skip(all.saturating_sub(count)).map(|(place, step)| (place.at, step.words())).collect(), all)
    }
}

enum Step<'a> {
    Published(&'a PublishedEntry),
    Run(&'a RunEntry),
    Note(&'a str),
}

impl Step<'_> {
    fn words(&self) -> String {
        match self {
            Self::Published(entry) => {
                let to = entry.queue.as_ref().map(|queue| format!(" to queue `{queue}`")).unwrap_or_default();
                format!("published{to}: {}", show_body(entry.event, &entry.metadata, &entry.body))
            }
            Self::Run(run) => {
                let (subscriber, attempt, ending) = (run.subscriber, run.metadata.attempt, &run.ending);
                format!("`{subscriber}`, attempt {attempt}, {ending}: {}", show(run.descriptor, &run.event))
            }
            Self::Note(note) => (*note).to_owned(),
        }
    }
}

impl fmt::Display for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.last(usize::MAX).0.iter().try_for_each(|(at, what)| writeln!(f, "{:>9.3}s  {what}", at.as_secs_f64()))
    }
}
