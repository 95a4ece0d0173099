//! How the process ends.

use std::process::ExitCode;

/// How a command ended: the exit code of the process. These codes stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Exit {
    /// 0: done.
    Done,
    /// 1: it could not be done.
    Failed,
    /// 2: it was done, and something is not as it should be: the account has drifted, a file differs, a check found
    /// problems.
    Different,
    /// 64: it was called wrongly, and will fail whenever it is called like that: unknown arguments, an event that is not
    /// there, JSON that does not fit. As `EX_USAGE` of sysexits.h.
    Usage,
    /// 130: a signal cut it short.
    Interrupted,
}

impl Exit {
    /// The code.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Different => 2,
            Self::Usage => 64,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// What the help says of them.
pub(super) const CODES: &str = "\
Exit codes:
  0    done
  1    it could not be done
  2    it was done, and something is not as it should be: drift, a file that differs, problems
  64   it was called wrongly: arguments, the name of an event, JSON that does not fit
  130  a signal cut it short";

/// What a `main` returns, made from how a command ended.
///
/// `ExitCode` and `Result<ExitCode, E>` say it as it is. A `main` that returns `Result<(), E>` or `()` cannot say more than
/// one code for all that is not done: there the process ends at once with the right one, by [`std::process::exit`], which
/// runs no destructors.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot say how a command ended",
    note = "let `main` return `Result<std::process::ExitCode, E>`, `Result<(), E>`, `ExitCode` or `()`"
)]
pub trait FromExit {
    /// What to return.
    fn from_exit(exit: Exit) -> Self;
}

impl FromExit for ExitCode {
    fn from_exit(exit: Exit) -> Self {
        exit.into()
    }
}

impl<E> FromExit for Result<ExitCode, E> {
    fn from_exit(exit: Exit) -> Self {
        Ok(exit.into())
    }
}

impl<E> FromExit for Result<(), E> {
    fn from_exit(exit: Exit) -> Self {
        <() as FromExit>::from_exit(exit);
        Ok(())
    }
}

impl FromExit for () {
    fn from_exit(exit: Exit) {
        if exit != Exit::Done {
            std::process::exit(exit.code().into());
        }
    }
}
