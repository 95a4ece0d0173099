//! Documents: to standard output, into a file, or compared with one.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;
use similar::TextDiff;

use super::{Exit, Failure, Screen};

/// How many lines around a difference are shown.
const AROUND: usize = 3;

/// Where a document goes: an argument group for commands of your own.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Destination {
    /// Writes it into this file
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    to: Option<PathBuf>,

    /// Compares it with this file, shows what differs, and exits with 2 if something does
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
}

#[derive(Serialize)]
struct Compared<'a> {
    file: &'a str,
    same: bool,
    diff: Option<&'a str>,
}

impl Destination {
    /// Writes `document`, or compares it: line endings do not matter, and JSON is compared by what it says. A file that is
    /// not there differs in everything.
    ///
    /// # Errors
    /// If the file cannot be written or read.
    pub fn deliver(&self, document: &str, screen: &mut Screen) -> Result<Exit, Failure> {
        let mut document = document.to_owned();
        if !document.ends_with('\n') {
            document.push('\n');
        }
        match (&self.check, &self.to) {
            (Some(path), _) => compare(path, &document, screen),
            (None, Some(path)) => {
                let written = fs::write(path, &document);
                written.map_err(|error| Failure::new(format!("{} could not be written: {error}", path.display())))?;
                screen.note(format_args!("written to {}", path.display()));
                Ok(Exit::Done)
            }
            (None, None) => screen.text(&document).map(|()| Exit::Done),
        }
    }
}

fn compare(path: &Path, wanted: &str, screen: &mut Screen) -> Result<Exit, Failure> {
    let named = path.display().to_string();
    let present = match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(error) => return Err(Failure::new(format!("{named} could not be read: {error}"))),
        Ok(text) => text.replace("\r\n", "\n"),
    };
    let diff = (!is_same(&present, wanted)).then(|| {
        let diff = TextDiff::from_lines(present.as_str(), wanted);
        diff.unified_diff().context_radius(AROUND).header(&named, "as it would be written now").to_string()
    });
    if screen.is_json() {
        screen.json(&Compared { file: &named, same: diff.is_none(), diff: diff.as_deref() })?;
    } else if let Some(diff) = &diff {
        screen.diff(diff)?;
        screen.note(format_args!("{named} is not as it would be written now; `--to {named}` writes it"));
    } else {
        screen.note(format_args!("{named} is as it would be written now"));
    }
    Ok(if diff.is_some() { Exit::Different } else { Exit::Done })
}

fn is_same(present: &str, wanted: &str) -> bool {
    let json = |text: &str| serde_json::from_str::<Value>(text).ok();
    present == wanted || json(present).is_some_and(|present| json(wanted) == Some(present))
}
