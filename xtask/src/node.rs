//! The programs for Node that judge the documents: the parser of AsyncAPI, Mermaid, and what drives a browser.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use crate::problem::{Problem, Result};
use crate::workspace;

/// What is installed, and where its lock came from.
const FILES: [&str; 2] = ["package.json", "package-lock.json"];
const INSTALLED: &str = "installed.json";

/// Tried in this order.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/// The tests that are not run, and what a person is told.
const NO_BROWSER: (&str, &str) = ("needs_browser::", "the catalogue in a browser: no Chromium on PATH");
const NO_GRAPHVIZ: (&str, &str) = ("needs_graphviz::", "the drawing by Graphviz: no `dot` on PATH");

/// The oldest Node that the programs run on.
const OLDEST: u32 = 18;

/// What there is to judge documents with.
#[derive(Debug)]
pub(crate) struct Tools {
    /// Holds `node_modules`.
    pub(crate) folder: PathBuf,
    pub(crate) browser: Option<PathBuf>,
    pub(crate) graphviz: bool,
}

impl Tools {
    /// Installs them below `target`, unless they are there.
    pub(crate) fn install() -> Result<Self> {
        if !has_node() {
            return Err(Problem::new(
                format!(
                    "no Node {OLDEST} or later with npm was found on PATH; the official AsyncAPI parser runs on it"
                ),
                "install Node (on Debian and Ubuntu: apt install nodejs npm)",
            ));
        }
        let source = workspace::root().join("xtask").join("document-tools");
        let folder = workspace::root().join("target").join("document-tools");
        copy(&source, &folder)?;
        let browser = BROWSERS.into_iter().filter_map(on_path).find(|browser| answers(browser, &["--version"]));
        Ok(Self { folder, browser, graphviz: has_graphviz() })
    }

    /// Tells the tests where they are.
    pub(crate) fn lead_to(&self, command: &mut Command) {
        command.env("MELANGE_TEST_DOCUMENT_TOOLS", &self.folder);
        if let Some(browser) = &self.browser {
            command.env("MELANGE_TEST_BROWSER", browser);
        }
    }

    /// What is not there, as the tests name it and as a person does.
    pub(crate) fn missing(&self) -> Vec<(&'static str, &'static str)> {
        let missing = [(self.browser.is_none(), NO_BROWSER), (!self.graphviz, NO_GRAPHVIZ)];
        missing.into_iter().filter(|(is, _)| *is).map(|(_, what)| what).collect()
    }
}

/// What is not run where Node is missing.
pub(crate) fn without_tools(why: &Problem) -> Vec<(&'static str, String)> {
    let what = |tests, what: &str| (tests, format!("{what}: {why}"));
    let mut not_run = vec![
        what("needs_node::", "the official AsyncAPI parser"),
        what("needs_browser::", "the catalogue in a browser"),
    ];
    if !has_graphviz() {
        not_run.push((NO_GRAPHVIZ.0, NO_GRAPHVIZ.1.to_owned()));
    }
    not_run
}

fn has_graphviz() -> bool {
    answers("dot", &["-V"])
}

fn has_node() -> bool {
    let version = Command::new("node").arg("--version").stdin(Stdio::null()).output();
    let Ok(version) = version else { return false };
    let text = String::from_utf8_lossy(&version.stdout).into_owned();
    let major = text.trim().trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    major.is_some_and(|major| major >= OLDEST) && answers("npm", &["--version"])
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

fn answers(program: impl AsRef<OsStr>, args: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Everything as the lock has it, by its hashes, and without running what packages would run.
fn copy(source: &Path, folder: &Path) -> Result<()> {
    let trouble = |what: &str, error: &std::io::Error| {
        Problem::new(format!("cannot {what} in {}: {error}", folder.display()), "make the target folder writable")
    };
    fs::create_dir_all(folder).map_err(|error| trouble("make a folder", &error))?;
    let lock = fs::File::create(folder.join("lock")).map_err(|error| trouble("make a lock", &error))?;
    lock.lock().map_err(|error| trouble("take the lock", &error))?;

    let [_, locked] = FILES;
    let wanted = fs::read(source.join(locked)).map_err(|error| {
        Problem::new(
            format!("cannot read {locked} in {}: {error}", source.display()),
            "restore it from version control",
        )
    })?;
    let installed = folder.join(INSTALLED);
    if fs::read(&installed).is_ok_and(|present| present == wanted) {
        return Ok(());
    }
    eprintln!("installing what judges documents into {} (once)", folder.display());
    for file in FILES {
        fs::copy(source.join(file), folder.join(file)).map_err(|error| trouble("write", &error))?;
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    npm.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null());
    if !workspace::succeeds(&mut npm)? {
        return Err(Problem::new(
            "npm could not install what judges documents",
            "read npm's lines above: the first run needs the network or a mirror that npm is configured for",
        ));
    }
    fs::write(&installed, wanted).map_err(|error| trouble("write", &error))
}
