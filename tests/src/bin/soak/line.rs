//! What processes tell the conductor: lines in one pipe that all of them write to, so that they stand there in the order
//! they were written in.

use std::fmt;
use std::io::Write as _;

/// One event: the key it has on the FIFO topic, and its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Id {
    /// `None` on the standard topic.
    pub(crate) key: Option<u64>,
    pub(crate) number: u64,
}

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    /// It is about to be published.
    Attempt(Id),
    /// It was published.
    Acknowledged(Id),
    /// It had its effect.
    Received(Id),
    /// How many tasks this process has alive.
    Tasks(String, usize),
    /// How it ended.
    Ended(String, String),
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.key {
            Some(key) => write!(f, "{key} {}", self.number),
            None => write!(f, "- {}", self.number),
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attempt(id) => write!(f, "attempt {id}"),
            Self::Acknowledged(id) => write!(f, "acknowledged {id}"),
            Self::Received(id) => write!(f, "received {id}"),
            Self::Tasks(who, tasks) => write!(f, "tasks {who} {tasks}"),
            Self::Ended(who, how) => write!(f, "ended {who} {how}"),
        }
    }
}

impl Line {
    /// Tells it. One write, shorter than what a pipe takes at once, so that lines of several processes do not mix and a
    /// kill cuts none in two.
    pub(crate) fn say(&self) {
        let mut out = std::io::stdout().lock();
        // Without a conductor there is nobody to tell.
        let _ = out.write_all(format!("{self}\n").as_bytes()).and_then(|()| out.flush());
    }

    pub(crate) fn read(text: &str) -> Option<Self> {
        let (word, rest) = text.split_once(' ')?;
        let (first, second) = rest.split_once(' ')?;
        let id = || {
            let key = if first == "-" { None } else { Some(first.parse().ok()?) };
            Some(Id { key, number: second.parse().ok()? })
        };
        match word {
            "attempt" => id().map(Self::Attempt),
            "acknowledged" => id().map(Self::Acknowledged),
            "received" => id().map(Self::Received),
            "tasks" => Some(Self::Tasks(first.to_owned(), second.parse().ok()?)),
            "ended" => Some(Self::Ended(first.to_owned(), second.to_owned())),
            _ => None,
        }
    }
}

/// Tells once a second how many tasks there are, for as long as the process runs.
pub(crate) async fn tell_tasks(who: &str) {
    let mut ticks = tokio::time::interval(std::time::Duration::from_secs(1));
    loop {
        ticks.tick().await;
        Line::Tasks(who.to_owned(), tokio::runtime::Handle::current().metrics().num_alive_tasks()).say();
    }
}
