//! Which `cargo test` commands a test run consists of.
//!
//! Cargo runs documentation tests apart from everything else, so a full run takes two commands. What the
//! person passed on may narrow both (`-p melange`) or ask for one of them (`--test ui`, `--doc`).

/// Options of `cargo test` that choose targets, with which `--doc` cannot be combined.
const TARGETS: [&str; 9] =
    ["--lib", "--bin", "--bins", "--test", "--tests", "--example", "--examples", "--bench", "--benches"];

/// The arguments of each cargo command, in the order to run them; without the tests whose names begin like `skipped`.
pub(crate) fn commands(passed_on: &[&str], skipped: &[&str]) -> Vec<Vec<String>> {
    let for_cargo = passed_on.split(|arg| *arg == "--").next().unwrap_or_default();
    let asked_for = |names: &[&str]| for_cargo.iter().any(|arg| names.iter().any(|name| is_option(arg, name)));

    let targets = asked_for(&TARGETS) || asked_for(&["--all-targets"]);
    let docs = asked_for(&["--doc"]);
    let mut base = vec!["test"];
    if !asked_for(&["-p", "--package"]) {
        base.push("--workspace");
    }
    base.extend(["--all-features", "--no-fail-fast"]);

    let command =
        |selection: &[&str]| [&base, selection, passed_on].concat().into_iter().map(str::to_owned).collect::<Vec<_>>();
    match (targets, docs) {
        (false, false) => vec![with_server(command(&["--tests", "--examples"]), skipped), command(&["--doc"])],
        (true, false) => vec![with_server(command(&[]), skipped)],
        // Cargo itself refuses both at once, and says why.
        _ => vec![command(&[])],
    }
}

/// The tests that need the server are marked `#[ignore]`, for whoever runs `cargo test` without one.
fn with_server(mut command: Vec<String>, skipped: &[&str]) -> Vec<String> {
    if !command.iter().any(|arg| arg == "--") {
        command.push("--".to_owned());
    }
    command.push("--include-ignored".to_owned());
    for tests in skipped {
        command.extend(["--skip".to_owned(), (*tests).to_owned()]);
    }
    command
}

/// `--test`, `--test=ui` and, for a short option, `-pmelange`.
fn is_option(arg: &str, name: &str) -> bool {
    match arg.strip_prefix(name) {
        Some(rest) => rest.is_empty() || rest.starts_with('=') || !name.starts_with("--"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::commands;

    fn lines(passed_on: &[&str]) -> Vec<String> {
        commands(passed_on, &[]).iter().map(|args| args.join(" ")).collect()
    }

    #[test]
    fn a_full_run_is_targets_then_documentation() {
        assert_eq!(
            lines(&[]),
            [
                "test --workspace --all-features --no-fail-fast --tests --examples -- --include-ignored",
                "test --workspace --all-features --no-fail-fast --doc",
            ]
        );
    }

    #[test]
    fn a_package_takes_the_place_of_the_workspace() {
        assert_eq!(
            lines(&["-p", "melange"]),
            [
                "test --all-features --no-fail-fast --tests --examples -p melange -- --include-ignored",
                "test --all-features --no-fail-fast --doc -p melange",
            ]
        );
        assert_eq!(lines(&["-pmelange"]).len(), 2);
        assert!(!lines(&["--package=melange"])[0].contains("--workspace"));
    }

    #[test]
    fn chosen_targets_are_run_alone() {
        assert_eq!(
            lines(&["--test=ui"]),
            ["test --workspace --all-features --no-fail-fast --test=ui -- --include-ignored"]
        );
        assert_eq!(lines(&["--doc"]), ["test --workspace --all-features --no-fail-fast --doc"]);
    }

    #[test]
    fn what_cannot_run_here_is_left_out() {
        let targets = commands(&["-p", "melange"], &["needs_node::"]).remove(0).join(" ");
        assert!(targets.ends_with("-- --include-ignored --skip needs_node::"), "{targets}");
    }

    #[test]
    fn what_the_test_binaries_get_chooses_nothing() {
        assert_eq!(lines(&["publish", "--", "--test-threads=1"]).len(), 2);
        assert!(lines(&["--", "--nocapture"])[1].ends_with("--doc -- --nocapture"));
    }
}
