//! Why a command could not do what it was to do.

use std::error::Error;
use std::fmt;
use std::io::Write as _;

use anstyle::{AnsiColor, Style};

use super::Exit;
use super::text::printable;
use crate::transport::{TransportError, TransportErrorKind};
use crate::{BuildErrors, PublishError};

/// Why a command failed: what happened, and what to do about it.
#[derive(Clone, PartialEq, Eq)]
pub struct Failure {
    exit: Exit,
    what: String,
    help: Vec<String>,
}

impl Failure {
    /// The command failed.
    #[must_use]
    pub fn new(what: impl Into<String>) -> Self {
        Self { exit: Exit::Failed, what: what.into(), help: Vec::new() }
    }

    /// The command was called wrongly.
    #[must_use]
    pub fn usage(what: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, ..Self::new(what) }
    }

    /// With what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// With what to do about it, if there is something.
    #[must_use]
    pub fn help_if(self, help: Option<String>) -> Self {
        match help {
            Some(help) => self.help(help),
            None => self,
        }
    }

    /// The exit code of the process.
    #[must_use]
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// From an error, with its sources.
    pub(super) fn of(error: &dyn Error) -> Self {
        let mut what = error.to_string();
        let mut next = error.source();
        while let Some(cause) = next {
            let cause_text = cause.to_string();
            // Some print their source themselves.
            if !what.contains(&cause_text) {
                what.push_str("\n  because: ");
                what.push_str(&cause_text);
            }
            next = cause.source();
        }
        Self::new(what)
    }

    /// Prints it, and says what to exit with.
    pub(super) fn report(&self) -> Exit {
        let (red, cyan) = (bold(AnsiColor::Red), bold(AnsiColor::Cyan));
        let mut to = anstream::stderr().lock();
        // Who has closed that one too cannot be told anything.
        let _ = writeln!(to, "{red}error:{red:#} {}", printable(&self.what));
        for help in &self.help {
            let _ = writeln!(to, "  {cyan}help:{cyan:#} {}", printable(help));
        }
        self.exit
    }
}

fn bold(color: AnsiColor) -> Style {
    color.on_default().bold()
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        self.help.iter().try_for_each(|help| write!(f, "\n  help: {help}"))
    }
}

impl fmt::Debug for Failure {
    /// As `Display`: this is what a `main` that returns it prints.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for Failure {}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        let help = match error.kind() {
            TransportErrorKind::Unavailable => Some("is the broker up, and can it be reached from here?"),
            _ => None,
        };
        Self::of(&error).help_if(help.map(str::to_owned))
    }
}

impl From<PublishError> for Failure {
    fn from(error: PublishError) -> Self {
        let exit = if error.is_invalid() { Exit::Usage } else { Exit::Failed };
        let help = error.is_uncertain().then(|| {
            "the answer was lost, so that the broker may have it all the same: `tail` shows what comes".to_owned()
        });
        Self { exit, ..Self::of(&error).help_if(help) }
    }
}

impl From<BuildErrors> for Failure {
    fn from(errors: BuildErrors) -> Self {
        Self { exit: Exit::Different, ..Self::of(&errors) }
    }
}
