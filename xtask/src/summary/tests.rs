use super::Summary;
use super::kind::Kind;
use super::line::Line;

const GREEN: &str = "\
   Compiling melange v0.1.0
     Running unittests src/lib.rs (target/debug/deps/melange-0123456789abcdef)

running 2 tests
test wire::reads_raw ... ok
test wire::slow ... ignored
test result: ok. 1 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s

     Running tests/conformance_memory.rs (target/debug/deps/conformance_memory-0123456789abcdef)
test result: ok. 40 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.50s

     Running tests/conformance_aws.rs (target/debug/deps/conformance_aws-0123456789abcdef)
test result: ok. 30 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 9.50s

     Running tests/stop-drain.rs (target/debug/deps/stop_drain-0123456789abcdef)
test result: ok. 5 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.50s

   Doc-tests melange
test result: ok. 7 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.80s
test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s
";

fn summary_of(output: &str, succeeded: bool) -> Summary {
    let mut summary = Summary::default();
    summary.read(output.as_bytes());
    summary.end_command("test", succeeded);
    summary
}

fn last_line(summary: &Summary) -> String {
    summary.to_string().lines().last().unwrap_or_default().to_owned()
}

fn row(summary: &Summary, label: &str) -> Option<Vec<u64>> {
    let text = summary.to_string();
    let counts = text.lines().find_map(|line| line.strip_prefix(label))?;
    Some(counts.split_whitespace().map(|count| count.parse().expect("a count")).collect())
}

#[test]
fn every_kind_has_its_row() {
    let summary = summary_of(GREEN, true);
    assert_eq!(row(&summary, "unit "), Some(vec![1, 0, 1]));
    assert_eq!(row(&summary, "doc "), Some(vec![9, 0, 0]));
    assert_eq!(row(&summary, "conformance memory "), Some(vec![40, 0, 0]));
    assert_eq!(row(&summary, "conformance server "), Some(vec![30, 0, 0]));
    assert_eq!(row(&summary, "other integration "), Some(vec![5, 0, 0]));
    assert_eq!(row(&summary, "ui "), None);
    assert_eq!(last_line(&summary), "85 passed, 0 failed");
}

#[test]
fn a_name_that_no_test_has_is_told_from_a_run() {
    const NONE: &str = "\
     Running unittests src/lib.rs (target/debug/deps/melange-0123456789abcdef)

running 0 tests

test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 524 filtered out; finished in 0.00s
";
    assert!(summary_of(NONE, true).matched_nothing());
    assert!(!summary_of(GREEN, true).matched_nothing());
    // Nothing was to run: `--no-run`.
    assert!(!summary_of("    Finished `test` profile\n", true).matched_nothing());
}

#[test]
fn pieces_of_any_size_say_the_same() {
    for size in [1, 7, 64] {
        let mut summary = Summary::default();
        for piece in GREEN.as_bytes().chunks(size) {
            summary.read(piece);
        }
        summary.end_command("test", true);
        assert_eq!(last_line(&summary), "85 passed, 0 failed", "pieces of {size}");
    }
}

#[test]
fn a_failed_test_is_counted_and_named() {
    let summary = summary_of(
        "     Running tests/linking.rs (target/debug/deps/linking-0123456789abcdef)\n\
         test finds_all ... ok\n\
         test names_silent ... FAILED\n\
         test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
         error: test failed, to rerun pass `-p melange-tests --test linking`\n",
        false,
    );
    assert_eq!(row(&summary, "fixtures "), Some(vec![1, 1, 0]));
    assert!(summary.to_string().contains("  linking: names_silent\n"));
    assert_eq!(last_line(&summary), "1 passed, 1 failed");
}

#[test]
fn a_binary_that_crashes_is_a_failure() {
    let crash = "     Running tests/ui.rs (target/debug/deps/ui-0123456789abcdef)\nrunning 3 tests\n";
    let summary = summary_of(&format!("{crash}{GREEN}"), false);
    assert_eq!(row(&summary, "ui "), Some(vec![0, 1, 0]));
    assert!(summary.to_string().contains("  ui: ended without a result\n"));
    assert_eq!(last_line(&summary), "85 passed, 1 failed");
}

#[test]
fn a_build_that_fails_is_never_zero_failed() {
    let summary = summary_of("error: could not compile `melange` (lib) due to 1 previous error\n", false);
    assert_eq!(last_line(&summary), "0 passed, 1 failed");
}

#[test]
fn each_command_that_does_not_build_counts() {
    let mut summary = Summary::default();
    summary.end_command("test --tests", false);
    summary.end_command("test --doc", false);
    assert_eq!(last_line(&summary), "0 passed, 2 failed");
}

#[test]
fn colours_hide_nothing() {
    assert_eq!(
        Line::parse("\u{1b}[1m\u{1b}[92m     Running\u{1b}[0m tests/ui.rs (target/debug/deps/ui-0123)"),
        Line::Binary { name: "ui".to_owned(), kind: Kind::Ui }
    );
    assert_eq!(
        Line::parse("test result: \u{1b}[32mok\u{1b}[m. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out"),
        Line::Result { passed: 3, failed: 0, ignored: 1 }
    );
}

#[test]
fn what_looks_alike_is_not_read() {
    for text in ["Running late (again)", "test result: unknown", "test a ... ok", "Running tests", ""] {
        assert_eq!(Line::parse(text), Line::Other, "{text}");
    }
}
