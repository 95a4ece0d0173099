//! Where in the user's source something was declared.

use std::fmt;

/// A place in the user's source, so that messages can point to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    module_path: &'static str,
    file: &'static str,
    line: u32,
}

impl Location {
    /// A place: the `module_path!()`, the `file!()` and the line.
    #[must_use]
    pub const fn new(module_path: &'static str, file: &'static str, line: u32) -> Self {
        Self { module_path, file, line }
    }

    /// The crate, as it is spelled in paths.
    #[must_use]
    pub fn crate_name(&self) -> &'static str {
        self.module_path.split("::").next().unwrap_or(self.module_path)
    }

    /// The full module path, which begins with the crate.
    #[must_use]
    pub fn module_path(&self) -> &'static str {
        self.module_path
    }

    /// The file, as it was passed to the compiler.
    #[must_use]
    pub fn file(&self) -> &'static str {
        self.file
    }

    /// The line, from 1.
    #[must_use]
    pub fn line(&self) -> u32 {
        self.line
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}
