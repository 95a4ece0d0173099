//! The programs that judge documents, which `cargo xtask documents` installs.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

/// Where they are.
fn folder() -> PathBuf {
    let folder = env::var_os("MELANGE_TEST_DOCUMENT_TOOLS");
    PathBuf::from(folder.expect("needs Node and what runs on it: run `cargo xtask documents`"))
}

/// The browser to open the catalogue in.
pub(crate) fn browser() -> String {
    env::var("MELANGE_TEST_BROWSER").expect("needs Chromium: run `cargo xtask documents` where it is on PATH")
}

/// A file with this text, in a folder that is for tests.
pub(crate) fn file(name: &str, text: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("documents");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join(name);
    fs::write(&file, text).unwrap();
    file
}

/// Runs a script of `document-tools`, and says what it said; it fails if anything is wrong.
#[track_caller]
pub(crate) fn node(script: &str, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> String {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("document-tools").join(script);
    let mut command = Command::new("node");
    command.arg(&script).args(args).env("MELANGE_TEST_DOCUMENT_TOOLS", folder());
    let output = command.output().expect("node runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}:\n{said}\n{}", script.display(), String::from_utf8_lossy(&output.stderr));
    said
}
