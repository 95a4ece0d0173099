//! `completions`: for shells.

use clap_complete::{Shell, generate};

use super::{Exit, Failure, Screen};

/// What `completions` is told.
#[derive(Debug, clap::Args)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(super) fn perform(self, screen: &mut Screen) -> Result<Exit, Failure> {
        let mut whole = screen.whole().clone();
        let program = whole.get_name().to_owned();
        // As it would be completed: not by how the tool was called this time.
        whole.set_bin_name(&program);
        let mut script = Vec::new();
        generate(self.shell, &mut whole, program, &mut script);
        screen.text(&String::from_utf8_lossy(&script))?;
        Ok(Exit::Done)
    }
}
