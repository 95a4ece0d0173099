//! The Python that the local AWS server runs on: a virtual environment below `target`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::problem::{Problem, Result};
use crate::workspace;

/// Tried in this order; the first that fits is taken.
const NAMES: [&str; 7] = ["python3", "python3.13", "python3.12", "python3.11", "python3.10", "python3.14", "python"];

/// Exits with 0 if this Python can make a virtual environment for the server.
const FITS: &str = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))";

/// The Python of the environment in `folder`, which is made anew when the requirements have changed.
pub(crate) fn with_packages(folder: &Path, requirements: &Path) -> Result<PathBuf> {
    let venv = folder.join("venv");
    let python = venv.join("bin").join("python");
    let installed = venv.join("installed-requirements.txt");

    let wanted = fs::read(requirements).map_err(|error| {
        Problem::new(format!("cannot read {}: {error}", requirements.display()), "restore it from version control")
    })?;
    // `exists` follows the link to the system's Python, which an upgrade may have taken away.
    if python.exists() && fs::read(&installed).is_ok_and(|present| present == wanted) {
        return Ok(python);
    }

    eprintln!("installing the local AWS server into {} (once)", venv.display());
    make_environment(&venv)?;
    install(&python, requirements)?;
    fs::write(&installed, wanted).map_err(|error| {
        Problem::new(format!("cannot write {}: {error}", installed.display()), "make the target folder writable")
    })?;
    Ok(python)
}

fn make_environment(venv: &Path) -> Result<()> {
    let mut command = Command::new(system_python()?);
    command.args(["-m", "venv", "--clear"]).arg(venv);
    run(
        &mut command,
        "cannot make a Python virtual environment",
        "read the lines above; on Debian and Ubuntu the package python3-venv is needed",
    )
}

fn install(python: &Path, requirements: &Path) -> Result<()> {
    let mut command = Command::new(python);
    command
        .args(["-m", "pip", "install", "--quiet", "--no-input"])
        .args(["--disable-pip-version-check", "--no-deps"])
        // Wheels only: a source package would run its build with packages that no hash pins.
        .args(["--require-hashes", "--only-binary", ":all:"])
        .arg("--requirement")
        .arg(requirements);
    run(
        &mut command,
        "cannot install the local AWS server",
        "read pip's lines above: the first run needs the network or a mirror that pip is configured for, \
         and a Python from 3.10 to 3.14",
    )
}

fn system_python() -> Result<&'static str> {
    NAMES.into_iter().find(|name| fits(name)).ok_or_else(|| {
        Problem::new(
            "no Python 3.10 or later with venv was found on PATH; the local AWS server runs on it",
            "install Python 3 (on Debian and Ubuntu: apt install python3 python3-venv)",
        )
    })
}

fn fits(name: &str) -> bool {
    Command::new(name)
        .args(["-c", FITS])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn run(command: &mut Command, what: &str, mend: &str) -> Result<()> {
    if workspace::succeeds(command.stdin(Stdio::null()))? { Ok(()) } else { Err(Problem::new(what, mend)) }
}
