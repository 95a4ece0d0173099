//! Whose arguments are whose, and how the program ends.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use melange_tests::ran::Ran;

use super::{ran, ran_with, tool};

#[test]
fn without_the_word_it_is_the_service() {
    for arguments in [&[][..], &["serve", "--port", "1"], &["events"], &["--", "melange"]] {
        let ran = Ran::of(Command::new(env!("CARGO_BIN_EXE_cli_memory")).args(arguments));
        assert_eq!(ran.code, Some(7), "{arguments:?}");
        assert_eq!(ran.out, format!("the service runs, with {arguments:?}\n"));
    }
}

#[test]
fn help_is_no_failure_and_goes_to_standard_output() {
    for arguments in [
        &["--help"][..],
        &["-h"],
        &["dlq", "--help"],
        &["dlq", "drop", "-h"],
        &["publish", "--help"],
        &["help"],
        &["help", "dlq"],
        &["dlq", "help", "drop"],
    ] {
        let ran = ran(arguments);
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{arguments:?}");
        assert!(ran.out.contains("Usage: cli_memory melange"), "{ran:?}");
    }
    insta::assert_snapshot!(ran(&["-h"]).out);
    insta::assert_snapshot!(ran(&["dlq", "redrive", "-h"]).out);
}

#[test]
fn who_calls_it_for_somebody_says_how_it_is_called() {
    let ran = ran_with(("MELANGE_CALLED_AS", "cargo melange"), &["dlq", "-h"]);
    assert!(ran.out.contains("Usage: cargo melange dlq"), "{ran:?}");
}

#[test]
fn nothing_is_coloured_but_on_a_terminal() {
    for arguments in [&["--help"][..], &["events"], &["nonsense"], &["publish", "Nothing", "--json", "{}"]] {
        let ran = ran(arguments);
        assert!(!ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}'), "{ran:?}");
    }
    let forced = Ran::of(tool(&["publish", "Nothing", "--json", "{}"]).env("CLICOLOR_FORCE", "1"));
    assert!(forced.err.contains('\u{1b}'), "{forced:?}");
    let asked = Ran::of(tool(&["publish", "Nothing", "--json", "{}"]).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1"));
    assert!(!asked.err.contains('\u{1b}'), "{asked:?}");
}

/// `melange ... | head -1`, where more is written than a pipe holds.
#[test]
fn a_reader_that_goes_away_is_no_error() {
    for arguments in
        [&["dlq", "show", "--queue", "billing", "--most", "400"][..], &["completions", "zsh"], &["--help"], &["events"]]
    {
        let mut child = tool(arguments)
            .env("LETTERS", "400")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut out = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut line = String::new();
        out.read_line(&mut line).expect("it writes");
        drop(out);
        let ran = Ran::from(child.wait_with_output().expect("it ends"));
        assert_eq!(ran.code, Some(0), "{arguments:?}: {ran:?}");
        assert!(!ran.err.contains("panicked") && !ran.err.contains("error"), "{ran:?}");
    }
}

/// Nothing can be written to it.
#[test]
#[cfg(target_os = "linux")]
fn an_output_that_takes_nothing_is_an_error() {
    let full = std::fs::File::options().write(true).open("/dev/full").expect("Linux has it");
    let ran = Ran::from(tool(&["events"]).stdout(full).stderr(Stdio::piped()).output().expect("the program starts"));
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("the output could not be written"), "{ran:?}");
}
