//! How the process ends.

use std::process::ExitCode;

/// How a command ended: the exit code of the process. These codes are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Exit {
    /// 0: done.
    Done,
    /// 1: it failed.
    Failed,
    /// 2: it succeeded, but something is not as it should be: the account has drifted, a file differs, a check found
    /// problems.
    Different,
    /// 64: it was called wrongly, and will fail whenever it is called like this: unknown arguments, an event that does
    /// not exist, JSON that does not fit. The same as `EX_USAGE` of sysexits.h.
    Usage,
    /// 130: a signal interrupted it.
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

/// The return value of `main`, made from how a command ended.
///
/// `ExitCode` and `Result<ExitCode, E>` can express every exit code. A `main` that returns `Result<(), E>` or `()` has
/// only one code for all failures: then the process exits at once with the right one, through [`std::process::exit`],
/// which runs no destructors.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot say how a command ended",
    note = "let `main` return `Result<std::process::ExitCode, E>`, `Result<(), E>`, `ExitCode` or `()`"
)]
pub trait FromExit {
    /// The value to return.
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
