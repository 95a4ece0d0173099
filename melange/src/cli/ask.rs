//! Asking a person.

use std::io::{self, Write as _};

/// Whether the person at the terminal says yes.
pub(super) fn says_yes(question: &str) -> bool {
    let mut to = io::stderr();
    let asked = write!(to, "{question} [y/N] ").and_then(|()| to.flush());
    let mut answer = String::new();
    asked.is_ok()
        && io::stdin().read_line(&mut answer).is_ok()
        && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}
