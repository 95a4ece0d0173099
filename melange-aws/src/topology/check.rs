//! Whether a committed file is what would be generated now.

use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::Value;
use similar::TextDiff;

/// How many lines around a difference are shown.
const AROUND: usize = 3;

/// A comparison of a file with what would be generated now. `{comparison}` is the unified diff; empty if nothing
/// differs.
#[derive(Debug, Clone)]
#[must_use]
pub struct Comparison {
    path: PathBuf,
    diff: Option<String>,
}

/// Compares the file at `path` with `wanted`. Line endings do not matter; JSON is compared by its content.
///
/// # Errors
/// If the file cannot be read. A missing file differs in everything.
///
/// ```
/// # let path = std::env::temp_dir().join("melange-doctest-check.tf");
/// # std::fs::write(&path, "a\n")?;
/// let comparison = melange_aws::topology::check(&path, "a\n")?;
/// assert!(comparison.is_same());
/// assert_eq!(comparison.exit_code(), 0);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn check(path: impl AsRef<Path>, wanted: &str) -> std::io::Result<Comparison> {
    let path = path.as_ref();
    let present = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        answer => answer?,
    };
    Ok(Comparison::of(path, &present, wanted))
}

impl Comparison {
    fn of(path: &Path, present: &str, wanted: &str) -> Self {
        let (present, wanted) = (present.replace("\r\n", "\n"), wanted.replace("\r\n", "\n"));
        let same = present == wanted || json(&present).is_some_and(|present| json(&wanted) == Some(present));
        let diff = (!same).then(|| {
            let named = path.display().to_string();
            let diff = TextDiff::from_lines(&present, &wanted);
            diff.unified_diff().context_radius(AROUND).header(&named, "as it would be written now").to_string()
        });
        Self { path: path.to_owned(), diff }
    }

    /// Whether nothing differs.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.diff.is_none()
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The exit code for a program that only checks: 0 if nothing differs, otherwise 2, like
    /// [`Plan::exit_code`](crate::Plan::exit_code).
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if self.is_same() { 0 } else { 2 }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.diff.as_deref().unwrap_or_default())
    }
}

fn json(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compare(present: &str, wanted: &str) -> Comparison {
        Comparison::of(Path::new("aws.tf"), present, wanted)
    }

    #[test]
    fn how_it_is_written_does_not_matter() {
        assert!(compare("a\r\nb\r\n", "a\nb\n").is_same());
        assert!(compare(r#"{"b":1,"a":[2]}"#, "{\n  \"a\": [2],\n  \"b\": 1\n}\n").is_same());
    }

    #[test]
    fn what_differs_is_shown_with_what_is_around_it() {
        let comparison = compare("1\n2\n3\n4\n5\n6\n", "1\n2\n3\n4\nfive\n6\n");
        assert_eq!(
            comparison.to_string(),
            "--- aws.tf\n+++ as it would be written now\n@@ -2,5 +2,5 @@\n 2\n 3\n 4\n-5\n+five\n 6\n"
        );
        assert_eq!(comparison.exit_code(), 2);
        assert!(!compare(r#"{"a":1}"#, r#"{"a":2}"#).is_same());
        assert!(!compare("", "a\n").is_same());
    }
}
