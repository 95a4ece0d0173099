//! What calls nobody.

use std::ffi::{OsStr, OsString};

use aws_config::ConfigLoader;
use aws_config::environment::region::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;

use super::Command;

/// Commands that make no call.
const OFFLINE: [&str; 12] = [
    "events",
    "subscribers",
    "check",
    "schema",
    "asyncapi",
    "catalogue",
    "diagram",
    "terraform",
    "cloudformation",
    "iam",
    "completions",
    "help",
];

/// `loader`, which calls nobody if the process's arguments ask for something that no call is made for. A process that was
/// told no region would otherwise ask the metadata service of EC2 for one, and wait for its answer where there is none.
pub(crate) fn without_calls(loader: ConfigLoader) -> ConfigLoader {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let asks_nobody = asks_nobody(arguments.iter().map(OsString::as_os_str));
    if !asks_nobody && !melange::cli::needs_no_bus::<Command>() {
        return loader;
    }
    let environment = EnvironmentVariableRegionProvider::new();
    // The chain of credentials begins by looking for a region of its own.
    loader
        .no_credentials()
        .region(RegionProviderChain::first_try(environment).or_else(ProfileFileRegionProvider::new()))
}

/// Whether these arguments are the tool's, and ask for something that no call is made for.
fn asks_nobody<'a>(arguments: impl IntoIterator<Item = &'a OsStr>) -> bool {
    let mut arguments = arguments.into_iter();
    if arguments.next() != Some(OsStr::new("melange")) {
        return false;
    }
    let rest: Vec<&OsStr> = arguments.collect();
    let is = |word: &&OsStr, flags: &[&str]| flags.iter().any(|flag| *word == OsStr::new(flag));
    if rest.is_empty() || rest.iter().any(|word| is(word, &["--help", "-h", "--dry-run"]) && !calls(&rest)) {
        return true;
    }
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        if *word == OsStr::new("--output") {
            words.next();
        } else if !word.as_encoded_bytes().starts_with(b"-") {
            return is(word, &OFFLINE);
        }
    }
    false
}

/// `dlq --dry-run` looks; `publish --dry-run` does not.
fn calls(words: &[&OsStr]) -> bool {
    let has = |word: &str| words.contains(&OsStr::new(word));
    has("--dry-run") && !has("publish") && !has("--help") && !has("-h")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks_nobody(arguments: &str) -> bool {
        super::asks_nobody(arguments.split_whitespace().map(OsStr::new))
    }

    #[test]
    fn what_only_looks_into_the_program_calls_nobody() {
        for offline in [
            "melange",
            "melange events",
            "melange --output json events --topic x",
            "melange --output=json check",
            "melange plan --help",
            "melange publish OrderPlaced --json {} --dry-run",
            "melange completions bash",
            "melange help plan",
        ] {
            assert!(asks_nobody(offline), "{offline}");
        }
        for online in ["", "serve", "events", "melange plan", "melange tail events", "melange dlq redrive --dry-run"] {
            assert!(!asks_nobody(online), "{online}");
        }
    }
}
