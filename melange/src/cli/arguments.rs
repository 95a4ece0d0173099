//! Which arguments are ours, and what they say.

use std::ffi::OsString;
use std::path::Path;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _, Parser};

use super::exit::CODES;
use super::{Commands, Exit, Failure, Format, Screen};
use crate::EventBus;

/// The word before our arguments in a program that has others.
const WORD: &str = "melange";

/// What the tool is called by whoever starts it for somebody, as `cargo melange` does.
const CALLED: &str = "MELANGE_CALLED_AS";

/// Arguments that are ours.
pub(super) struct Given {
    /// The program's own name.
    program: String,
    /// How the tool is called, as usage lines say it.
    called: String,
    arguments: Vec<OsString>,
}

impl Given {
    /// What stands behind the word, if that is the first argument.
    pub(super) fn after_the_word(all: impl IntoIterator<Item = OsString>) -> Option<Self> {
        let mut all = all.into_iter();
        let program = program(all.next());
        all.next().filter(|first| first == WORD)?;
        let called = std::env::var(CALLED).unwrap_or_else(|_| format!("{program} {WORD}"));
        Some(Self { program, called, arguments: all.collect() })
    }

    /// Everything, for a program that is nothing but the tool.
    pub(super) fn everything(all: impl IntoIterator<Item = OsString>) -> Self {
        let mut all = all.into_iter().peekable();
        let program = program(all.next());
        let _ = all.next_if(|first| first == WORD);
        let called = std::env::var(CALLED).unwrap_or_else(|_| program.clone());
        Self { program, called, arguments: all.collect() }
    }
}

fn program(path: Option<OsString>) -> String {
    let name = path.as_deref().map(Path::new).and_then(Path::file_stem);
    name.map_or_else(|| WORD.to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Shows and checks the events of this program, and works with the queues of its subscribers
#[derive(Debug, Parser)]
#[command(name = WORD, after_help = CODES)]
#[command(subcommand_required = true, arg_required_else_help = true)]
struct Arguments<C: clap::Subcommand> {
    #[command(subcommand)]
    command: C,

    /// For people, or for programs
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORMAT", display_order = 1000)]
    output: Format,
}

/// Whether the process's arguments are ours, and can be made no sense of: then nothing is done but saying so.
pub(super) fn is_senseless<C: Commands>() -> bool {
    Given::after_the_word(std::env::args_os()).is_some_and(|given| {
        let whole = Arguments::<C>::command().no_binary_name(true);
        whole.try_get_matches_from(given.arguments).is_err()
    })
}

/// Does what they say. What could not be done is printed here.
pub(super) async fn perform<C: Commands>(given: Given, bus: &EventBus) -> Result<Exit, Failure> {
    let Given { program, called, arguments } = given;
    let mut whole = Arguments::<C>::command().bin_name(&called).no_binary_name(true);
    whole.build();
    let is_the_tool = called == program;
    let parsed =
        whole.clone().try_get_matches_from(arguments).and_then(|matches| Arguments::<C>::from_arg_matches(&matches));
    let Arguments { command, output } = match parsed {
        Ok(arguments) => arguments,
        Err(error) => return Ok(refused(&error)),
    };
    // As it is completed: under the program's name.
    let whole = if is_the_tool {
        whole.name(program)
    } else {
        clap::Command::new(program).disable_help_subcommand(true).subcommand(whole)
    };
    let mut screen = Screen::new(output, whole);
    match command.perform(bus, &mut screen).await {
        Ok(exit) => screen.end().map(|()| exit),
        Err(failure) if screen.is_broken() => Err(failure),
        Err(failure) => {
            screen.end()?;
            Ok(failure.report())
        }
    }
}

/// Help goes to standard output and is no failure; all else is told by clap.
fn refused(error: &clap::Error) -> Exit {
    // A reader that has gone away wants to know no more.
    let _ = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Done,
        _ => Exit::Usage,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after_the_word(arguments: &[&str]) -> Option<Vec<OsString>> {
        let all = std::iter::once("/opt/orders-service").chain(arguments.iter().copied()).map(OsString::from);
        Given::after_the_word(all).map(|given| given.arguments)
    }

    #[test]
    fn arguments_of_the_service_are_its_own() {
        for own in [&[][..], &["serve"], &["--verbose", "melange"], &["melange-events"], &["Melange"]] {
            assert!(after_the_word(own).is_none(), "{own:?}");
        }
        assert_eq!(after_the_word(&["melange", "events"]), Some(vec![OsString::from("events")]));
        assert_eq!(after_the_word(&["melange"]), Some(Vec::new()));
    }

    #[test]
    fn a_program_that_is_the_tool_needs_no_word() {
        let all = |arguments: &[&str]| {
            Given::everything(std::iter::once("tool.exe").chain(arguments.iter().copied()).map(OsString::from))
                .arguments
        };
        assert_eq!(all(&["events"]), all(&["melange", "events"]));
    }
}
