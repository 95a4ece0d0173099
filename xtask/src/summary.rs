//! The summary of a test run, read from what cargo and the test binaries print.

mod kind;
mod line;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use kind::Kind;
use line::Line;

/// Counts per kind of test, and the names of what failed.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    counts: BTreeMap<Kind, Counts>,
    failures: Vec<String>,
    not_run: Vec<String>,
    /// The test binary whose output is being read.
    running: Option<Running>,
    /// The beginning of a line whose end has not arrived.
    unfinished: Vec<u8>,
    failed_before_command: u64,
}

#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    passed: u64,
    failed: u64,
    ignored: u64,
}

#[derive(Debug)]
struct Running {
    name: String,
    kind: Kind,
    has_result: bool,
}

impl Summary {
    /// Reads the next piece of output.
    pub(crate) fn read(&mut self, output: &[u8]) {
        let mut pieces = output.split(|byte| *byte == b'\n');
        if let Some(first) = pieces.next() {
            self.unfinished.extend_from_slice(first);
        }
        for piece in pieces {
            let line = std::mem::replace(&mut self.unfinished, piece.to_vec());
            self.read_line(&String::from_utf8_lossy(&line));
        }
    }

    /// Says that a cargo command has ended. One that failed without a failed test (it did not build)
    /// counts as one failure: a red run never says `0 failed`.
    pub(crate) fn end_command(&mut self, command: &str, succeeded: bool) {
        let rest = std::mem::take(&mut self.unfinished);
        self.read_line(&String::from_utf8_lossy(&rest));
        self.end_binary();
        if !succeeded && self.failed() == self.failed_before_command {
            self.add_failure(&format!("cargo {command}"));
        }
        self.failed_before_command = self.failed();
    }

    /// Counts the failure of something that is not a test.
    pub(crate) fn add_failure(&mut self, what: &str) {
        self.counts.entry(Kind::NoTest).or_default().failed += 1;
        self.failures.push(what.to_owned());
    }

    /// Says that something was left out, and why: nobody is to take it for passed.
    pub(crate) fn add_not_run(&mut self, what: String) {
        self.not_run.push(what);
    }

    /// How many failed, of all kinds.
    pub(crate) fn failed(&self) -> u64 {
        self.counts.values().map(|counts| counts.failed).sum()
    }

    /// Whether tests were asked for by a name that none has: nothing ran, which is not the same as nothing failed.
    pub(crate) fn matched_nothing(&self) -> bool {
        let ran = |counts: &Counts| counts.passed + counts.failed + counts.ignored > 0;
        !self.counts.is_empty() && !self.counts.values().any(ran)
    }

    fn passed(&self) -> u64 {
        self.counts.values().map(|counts| counts.passed).sum()
    }

    fn read_line(&mut self, text: &str) {
        match Line::parse(text) {
            Line::Binary { name, kind } => {
                self.end_binary();
                self.running = Some(Running { name, kind, has_result: false });
            }
            Line::FailedTest(test) => {
                let binary = self.running.as_ref().map_or("?", |running| &running.name);
                self.failures.push(format!("{binary}: {test}"));
            }
            Line::Result { passed, failed, ignored } => {
                let Some(running) = &mut self.running else {
                    return;
                };
                running.has_result = true;
                let counts = self.counts.entry(running.kind).or_default();
                counts.passed += passed;
                counts.failed += failed;
                counts.ignored += ignored;
            }
            Line::Other => {}
        }
    }

    /// A binary that said nothing at its end crashed or left early: that is a failure too.
    fn end_binary(&mut self) {
        if let Some(running) = self.running.take()
            && !running.has_result
        {
            self.counts.entry(running.kind).or_default().failed += 1;
            self.failures.push(format!("{}: ended without a result", running.name));
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<20} {:>7} {:>7} {:>7}", "tests", "passed", "failed", "ignored")?;
        for (kind, counts) in &self.counts {
            let Counts { passed, failed, ignored } = counts;
            writeln!(f, "{:<20} {passed:>7} {failed:>7} {ignored:>7}", kind.label())?;
        }
        if !self.failures.is_empty() {
            writeln!(f, "\nfailed:")?;
            for failure in &self.failures {
                writeln!(f, "  {failure}")?;
            }
        }
        if !self.not_run.is_empty() {
            writeln!(f, "\nnot run:")?;
            for what in &self.not_run {
                writeln!(f, "  {what}")?;
            }
        }
        write!(f, "\n{} passed, {} failed", self.passed(), self.failed())
    }
}
