//! How far something is.

use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Shortest time between two lines where there is no terminal.
const APART: Duration = Duration::from_secs(2);

/// How far something is, on standard error: a bar on a terminal, and a line now and then elsewhere. Made by
/// [`Screen::progress`](super::Screen::progress); shared by reference.
pub struct Progress {
    what: String,
    total: Option<u64>,
    shown: Shown,
}

enum Shown {
    Bar(ProgressBar),
    Lines(Mutex<Lines>),
}

struct Lines {
    last: Instant,
    said: Option<u64>,
}

impl Progress {
    pub(super) fn begin(what: &str, total: Option<u64>) -> Self {
        let shown = if io::stderr().is_terminal() {
            Shown::Bar(bar(what, total))
        } else {
            Shown::Lines(Mutex::new(Lines { last: Instant::now(), said: None }))
        };
        Self { what: what.to_owned(), total, shown }
    }

    /// So many so far.
    pub fn at(&self, done: u64) {
        match &self.shown {
            Shown::Bar(bar) => {
                // The total is the broker's estimate.
                if self.total.is_some_and(|total| done > total) {
                    bar.set_length(done);
                }
                bar.set_position(done);
            }
            Shown::Lines(lines) => {
                let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
                if lines.last.elapsed() >= APART {
                    self.say(&mut lines, done);
                }
            }
        }
    }

    /// That was all. The bar goes, since the result says it.
    pub fn end(&self, done: u64) {
        match &self.shown {
            Shown::Bar(bar) => bar.finish_and_clear(),
            Shown::Lines(lines) => {
                let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
                if lines.said != Some(done) {
                    self.say(&mut lines, done);
                }
            }
        }
    }

    fn say(&self, lines: &mut Lines, done: u64) {
        (lines.last, lines.said) = (Instant::now(), Some(done));
        let of = self.total.map_or_else(String::new, |total| format!(" of about {}", total.max(done)));
        let _ = writeln!(io::stderr(), "{}: {done}{of}", self.what);
    }
}

fn bar(what: &str, total: Option<u64>) -> ProgressBar {
    let (bar, template) = match total {
        Some(total) => (ProgressBar::new(total), "{msg} [{bar:30}] {pos}/{len}, {eta} left"),
        None => (ProgressBar::new_spinner(), "{spinner} {msg} {pos}"),
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.set_message(what.to_owned());
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress").field("what", &self.what).field("total", &self.total).finish_non_exhaustive()
    }
}
