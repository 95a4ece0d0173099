//! What a command shows: tables for people, JSON for programs.

use std::fmt;
use std::io::{self, IsTerminal as _, Write};

use anstyle::AnsiColor;
use clap::ValueEnum;
use comfy_table::{Table, presets};
use serde::Serialize;

use super::{Failure, Progress, printable};

/// How results are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
#[non_exhaustive]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
}

/// One line of a table, and one object of JSON.
pub trait Row: Serialize {
    /// The columns.
    const HEAD: &'static [&'static str];

    /// Their values.
    fn cells(&self) -> Vec<String>;
}

/// The output of a command: results on standard output, and notes on standard error.
///
/// If the reader of standard output closes the pipe, as `head` does, further output is dropped: a command that changes
/// something runs to its end, and one that only shows something may check [`is_read`](Self::is_read).
pub struct Screen {
    format: Format,
    to: Box<dyn Write + Send + Sync>,
    reader_gone: bool,
    broken: bool,
    whole: clap::Command,
}

impl Screen {
    pub(super) fn new(format: Format, whole: clap::Command) -> Self {
        Self { format, to: Box::new(anstream::stdout()), reader_gone: false, broken: false, whole }
    }

    /// The format chosen with `--output`.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// Whether the format is JSON, for programs.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Whether the output is still being read, as far as is known.
    #[must_use]
    pub fn is_read(&self) -> bool {
        !self.reader_gone
    }

    /// Whether something could not be written for another reason.
    pub(super) fn is_broken(&self) -> bool {
        self.broken
    }

    /// All commands, for completions.
    pub(super) fn whole(&self) -> &clap::Command {
        &self.whole
    }

    /// One line of text.
    ///
    /// # Errors
    /// If it could not be written; a reader that closed the pipe is not an error.
    pub fn line(&mut self, text: impl fmt::Display) -> Result<(), Failure> {
        self.write(&format!("{text}\n"))
    }

    /// One line that stands out.
    ///
    /// # Errors
    /// As [`line`](Self::line).
    pub fn heading(&mut self, text: impl fmt::Display) -> Result<(), Failure> {
        let bold = anstyle::Style::new().bold();
        self.line(format_args!("{bold}{text}{bold:#}"))
    }

    /// Lines of which some begin with a sign: `+` for what is new, `-` for what goes, `~` for what changes, `!` for
    /// what somebody has to look at.
    ///
    /// # Errors
    /// As [`line`](Self::line).
    pub fn diff(&mut self, text: &str) -> Result<(), Failure> {
        for line in text.lines() {
            let color = match line.trim_start().chars().next() {
                Some('+') => AnsiColor::Green,
                Some('-') => AnsiColor::Red,
                Some('~') => AnsiColor::Yellow,
                Some('!') => AnsiColor::Magenta,
                _ => {
                    self.line(printable(line))?;
                    continue;
                }
            };
            let style = color.on_default();
            self.line(format_args!("{style}{}{style:#}", printable(line)))?;
        }
        Ok(())
    }

    /// A text as it is, such as a document.
    ///
    /// # Errors
    /// As [`line`](Self::line).
    pub fn text(&mut self, text: &str) -> Result<(), Failure> {
        self.write(text)
    }

    /// One value as JSON, over several lines.
    ///
    /// # Errors
    /// As [`line`](Self::line).
    pub fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value).map_err(|error| Failure::of(&error))?;
        self.line(text)
    }

    /// One value as JSON on one line: for what comes one by one.
    ///
    /// # Errors
    /// As [`line`](Self::line).
    pub fn json_line(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(value).map_err(|error| Failure::of(&error))?;
        self.line(text)?;
        self.flush()
    }

    /// A table; as JSON an array of objects.
    ///
    /// # Errors
    /// As [`line`](Self::line).
    pub fn rows<R: Row>(&mut self, rows: &[R]) -> Result<(), Failure> {
        if self.is_json() {
            return self.json(&rows);
        }
        if rows.is_empty() {
            return Ok(());
        }
        let mut table = Table::new();
        table.load_preset(presets::NOTHING).set_header(R::HEAD);
        for row in rows {
            table.add_row(row.cells().iter().map(|cell| printable(cell).into_owned()));
        }
        table.column_iter_mut().for_each(|column| {
            column.set_padding((0, 2));
        });
        let text = table.trim_fmt();
        self.line(text)
    }

    /// What is said beside the results, on standard error.
    pub fn note(&self, text: impl fmt::Display) {
        // Who has closed that one too cannot be told anything.
        let _ = writeln!(anstream::stderr(), "{}", printable(&text.to_string()));
    }

    /// How far something is, on standard error: a bar on a terminal, and lines now and then elsewhere. `what` says what
    /// is done, as in "redriving".
    #[must_use]
    pub fn progress(&self, what: &str, total: Option<u64>) -> Progress {
        Progress::begin(what, total)
    }

    /// Whether a person can be asked.
    #[must_use]
    pub fn can_ask(&self) -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Has everything written.
    ///
    /// # Errors
    /// As [`line`](Self::line).
    pub fn flush(&mut self) -> Result<(), Failure> {
        let flushed = self.to.flush();
        self.heed(flushed)
    }

    pub(super) fn end(&mut self) -> Result<(), Failure> {
        self.flush()
    }

    fn write(&mut self, text: &str) -> Result<(), Failure> {
        if self.reader_gone {
            return Ok(());
        }
        let written = self.to.write_all(text.as_bytes());
        self.heed(written)
    }

    fn heed(&mut self, written: io::Result<()>) -> Result<(), Failure> {
        match written {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.reader_gone = true;
                Ok(())
            }
            Err(error) => {
                self.broken = true;
                Err(Failure::new(format!("the output could not be written: {error}")))
            }
        }
    }
}

impl fmt::Debug for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Screen").field("format", &self.format).finish_non_exhaustive()
    }
}
