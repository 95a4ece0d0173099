//! The options of `#[subscriber(..)]` and `#[listens_to(..)]`.

use syn::{Ident, LitInt, LitStr, Path};

use crate::duration;
use crate::krate::Krate;
use crate::names;
use crate::options::{Opt, Options};
use crate::problems::Problems;

/// On a function, and on an impl block with one `process`.
pub(crate) const ON_FUNCTION: [&str; 8] =
    ["listens_to", "name", "queue", "blocking", "retry", "timeout", "concurrency", "crate"];
/// On a method, in `#[listens_to(..)]`.
pub(crate) const ON_METHOD: [&str; 6] = ["name", "queue", "blocking", "retry", "timeout", "concurrency"];

/// What the options say.
#[derive(Default)]
pub(crate) struct Args {
    pub(crate) krate: Krate,
    pub(crate) listens_to: Option<ListensTo>,
    pub(crate) name: Option<LitStr>,
    pub(crate) queue: Option<LitStr>,
    pub(crate) blocking: Option<Ident>,
    pub(crate) retry: Retry,
    /// In milliseconds.
    pub(crate) timeout: Option<u64>,
    pub(crate) concurrency: Option<LitInt>,
}

/// `listens_to = ..`.
pub(crate) struct ListensTo {
    pub(crate) key: Ident,
    pub(crate) events: Vec<Path>,
}

/// `retry(attempts = 5, backoff = "1s..5m")`.
#[derive(Clone, Default)]
pub(crate) struct Retry {
    pub(crate) attempts: Option<LitInt>,
    /// The shortest and the longest wait in milliseconds.
    pub(crate) backoff: Option<(u64, u64)>,
}

impl Args {
    pub(crate) fn read(options: Options, known: &[&str], problems: &mut Problems) -> Self {
        let mut args = Self::default();
        for option in options.keep_known(known, problems) {
            args.take(&option, problems);
        }
        args
    }

    fn take(&mut self, option: &Opt, problems: &mut Problems) {
        match option.key.to_string().as_str() {
            "listens_to" => {
                let events =
                    option.items("one event, or a list: `listens_to = OrderPlaced`, `listens_to = [A, B]`", problems);
                self.listens_to = Some(ListensTo { key: option.key.clone(), events });
            }
            "name" => self.name = legal(option.string("receipts", problems), names::subscriber_name_problem, problems),
            "queue" => self.queue = legal(option.string("billing", problems), names::queue_problem, problems),
            "blocking" if option.flag(problems) => self.blocking = Some(option.key.clone()),
            "retry" => {
                if let Some(options) = option.options("retry(attempts = 5, backoff = \"1s..5m\")", problems) {
                    self.retry = Retry::read(options, problems);
                }
            }
            "timeout" => self.timeout = time(option, "30s", duration::timeout, problems),
            "concurrency" => self.concurrency = option.number::<u32>(8, problems),
            "crate" => self.krate = option.path("some::path::to::melange", problems).map(Krate::at).unwrap_or_default(),
            _ => {}
        }
    }

    /// These, with what they leave open taken from the impl block's.
    pub(crate) fn or(mut self, block: &Self) -> Self {
        self.krate = block.krate.clone();
        self.queue = self.queue.or_else(|| block.queue.clone());
        self.retry.attempts = self.retry.attempts.or_else(|| block.retry.attempts.clone());
        self.retry.backoff = self.retry.backoff.or(block.retry.backoff);
        self.timeout = self.timeout.or(block.timeout);
        self.concurrency = self.concurrency.or_else(|| block.concurrency.clone());
        self
    }
}

impl Retry {
    fn read(options: Options, problems: &mut Problems) -> Self {
        let mut retry = Self::default();
        for option in options.keep_known(&["attempts", "backoff"], problems) {
            if option.key == "attempts" {
                retry.attempts = option.number::<u32>(5, problems);
            } else {
                retry.backoff = time(&option, "1s..5m", duration::backoff, problems);
            }
        }
        retry
    }

    pub(crate) fn is_default(&self) -> bool {
        self.attempts.is_none() && self.backoff.is_none()
    }
}

fn time<T>(option: &Opt, example: &str, read: fn(&str) -> Result<T, String>, problems: &mut Problems) -> Option<T> {
    let text = option.string(example, problems)?;
    read(&text.value()).map_err(|message| problems.at(&text, message)).ok()
}

fn legal(text: Option<LitStr>, problem: fn(&str) -> Option<String>, problems: &mut Problems) -> Option<LitStr> {
    let text = text?;
    match problem(&text.value()) {
        Some(message) => {
            problems.at(&text, message);
            None
        }
        None => Some(text),
    }
}
