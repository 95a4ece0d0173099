//! What one line of the output of `cargo test` says.

use super::kind::Kind;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A test binary, or the documentation of a crate, begins.
    Binary { name: String, kind: Kind },
    /// A test failed.
    FailedTest(String),
    /// The counts of a binary; the documentation of a crate may have several.
    Result { passed: u64, failed: u64, ignored: u64 },
    /// Everything else.
    Other,
}

impl Line {
    pub(super) fn parse(text: &str) -> Self {
        let plain = without_colours(text);
        let line = plain.trim();
        running(line)
            .or_else(|| documentation(line))
            .or_else(|| failed_test(line))
            .or_else(|| result(line))
            .unwrap_or(Self::Other)
    }
}

/// `Running unittests src/lib.rs (target/debug/deps/melange-0123)` or `Running tests/ui.rs (..)`.
fn running(line: &str) -> Option<Line> {
    let (source, binary) = line.strip_prefix("Running ")?.strip_suffix(')')?.rsplit_once(" (")?;
    let file = binary.rsplit(['/', '\\']).next()?;
    let (name, _hash) = file.rsplit_once('-')?;
    let kind = if source.starts_with("unittests ") { Kind::Unit } else { Kind::of_binary(name) };
    Some(Line::Binary { name: name.to_owned(), kind })
}

/// `Doc-tests melange`.
fn documentation(line: &str) -> Option<Line> {
    let name = line.strip_prefix("Doc-tests ")?;
    Some(Line::Binary { name: format!("doc {name}"), kind: Kind::Doc })
}

/// `test wire::reads_raw ... FAILED`.
fn failed_test(line: &str) -> Option<Line> {
    let name = line.strip_prefix("test ")?.strip_suffix(" ... FAILED")?;
    Some(Line::FailedTest(name.to_owned()))
}

/// `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s`.
fn result(line: &str) -> Option<Line> {
    let (_verdict, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let count = |what: &str| counts.split("; ").find_map(|part| part.strip_suffix(what)?.trim().parse().ok());
    Some(Line::Result { passed: count("passed")?, failed: count("failed")?, ignored: count("ignored")? })
}

/// The text without terminal escapes such as `ESC [ 1 ; 32 m`.
fn without_colours(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            characters.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(character);
        }
    }
    plain
}
