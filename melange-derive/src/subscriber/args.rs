//! The options of `#[subscriber(..)]` and `#[listens_to(..)]`.

use proc_macro2::Literal;
use syn::{Ident, LitStr, Path};

use crate::duration;
use crate::krate::Krate;
use crate::names;
use crate::option::Opt;
use crate::options::{Known, Options};
use crate::problems::Problems;
use crate::spelling::spelled;

/// On a function or on an impl block.
pub(crate) const ON_ITEM: Known = Known {
    words: &["listens_to", "name", "queue", "blocking", "retry", "timeout", "concurrency", "part", "crate"],
    expressions: &[],
    example: "listens_to = OrderPlaced",
    elsewhere: |word| {
        match word {
        "event" | "events" | "on" | "to" => Some("the events are said by `listens_to = SomeEvent`".to_owned()),
        "topic" => Some(
            "an event says its topic, `#[event(topic = \"..\")]`; a subscriber says the queue, `queue = \"..\"`, or nothing"
                .to_owned(),
        ),
        _ => in_retry(word),
    }
    },
};

/// On a method, in `#[listens_to(..)]`.
pub(crate) const ON_METHOD: Known = Known {
    words: &["name", "queue", "blocking", "retry", "timeout", "concurrency"],
    expressions: &[],
    example: "OrderPlaced",
    elsewhere: |word| match word {
        "listens_to" => Some("the event stands here alone: `#[listens_to(OrderPlaced)]`".to_owned()),
        "part" => Some("`part` belongs on the impl block: `#[subscriber(part = 2)]`".to_owned()),
        "crate" => Some("`crate` belongs on the impl block: `#[subscriber(crate = some::path)]`".to_owned()),
        _ => in_retry(word),
    },
};

const IN_RETRY: Known =
    Known { words: &["attempts", "backoff"], expressions: &[], example: "attempts = 5", elsewhere: |_| None };

fn in_retry(word: &str) -> Option<String> {
    let example = "`retry(attempts = 5, backoff = \"1s..5m\")`";
    match word {
        "retries" | "max_retries" | "max_attempts" => {
            Some(format!("how often it is tried stands in `retry(..)`: {example}"))
        }
        _ if IN_RETRY.words.contains(&word) => Some(format!("`{word}` belongs in `retry(..)`: {example}")),
        _ => None,
    }
}

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
    pub(crate) concurrency: Option<Literal>,
    pub(crate) part: Option<Part>,
}

/// `part = 2`.
#[derive(Clone)]
pub(crate) struct Part {
    pub(crate) key: Ident,
    /// Nothing where it was misread.
    pub(crate) number: Option<Literal>,
}

/// The first block looks for each of the others.
const PARTS: std::ops::RangeInclusive<u32> = 1..=16;

/// `listens_to = ..`.
pub(crate) struct ListensTo {
    pub(crate) key: Ident,
    pub(crate) events: Vec<Path>,
}

/// `retry(attempts = 5, backoff = "1s..5m")`.
#[derive(Clone, Default)]
pub(crate) struct Retry {
    pub(crate) attempts: Option<Literal>,
    /// The shortest and the longest wait in milliseconds.
    pub(crate) backoff: Option<(u64, u64)>,
}

impl Args {
    /// Those of a function or an impl block.
    pub(crate) fn of_item(mut options: Options, problems: &mut Problems) -> Self {
        let alone = options.take_paths();
        let args = Self::read(options, problems);
        if let Some(path) = alone.first() {
            match args.listens_to {
                Some(_) => problems.at(path, "several events stand in brackets: `listens_to = [A, B]`"),
                None => problems.at(path, format!("say what it is: `listens_to = {}`", spelled(path))),
            }
        }
        args
    }

    /// Those of a method.
    pub(crate) fn read(options: Options, problems: &mut Problems) -> Self {
        let mut args = Self::default();
        for option in options.into_known(problems) {
            args.take(&option, problems);
        }
        args
    }

    fn take(&mut self, option: &Opt, problems: &mut Problems) {
        match option.key.to_string().as_str() {
            "listens_to" => {
                let events =
                    option.paths("one event, or a list: `listens_to = OrderPlaced`, `listens_to = [A, B]`", problems);
                self.listens_to = Some(ListensTo { key: option.key.clone(), events });
            }
            "name" => self.name = option.text("receipts", names::subscriber, problems).map(|(name, ())| name),
            "queue" => self.queue = option.text("billing", names::queue, problems).map(|(queue, ())| queue),
            "blocking" if option.flag(problems) => self.blocking = Some(option.key.clone()),
            "retry" => {
                let example = "retry(attempts = 5, backoff = \"1s..5m\")";
                if let Some(options) = option.options(&IN_RETRY, example, problems) {
                    self.retry = Retry::read(options, problems);
                }
            }
            "timeout" => self.timeout = option.text("30s", duration::timeout, problems).map(|(_, millis)| millis),
            "concurrency" => self.concurrency = option.number(8, problems),
            "part" => {
                let number = option.number_in(PARTS, 2, problems);
                self.part = Some(Part { key: option.key.clone(), number });
            }
            "crate" => self.krate = option.path("some::path::to::melange", problems).map(Krate::at).unwrap_or_default(),
            _ => {}
        }
    }

    /// The part that an impl block says it is, unless it is the first, which need not say so.
    pub(crate) fn further_part(&self) -> Option<&Part> {
        let is_first = |part: &&Part| part.number.as_ref().is_some_and(|number| number.to_string() == "1");
        self.part.as_ref().filter(|part| !is_first(part))
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
        for option in options.into_known(problems) {
            if option.key == "attempts" {
                retry.attempts = option.number(5, problems);
            } else {
                retry.backoff = option.text("1s..5m", duration::backoff, problems).map(|(_, backoff)| backoff);
            }
        }
        retry
    }

    pub(crate) fn is_default(&self) -> bool {
        self.attempts.is_none() && self.backoff.is_none()
    }
}
