//! Every misuse of the macros gives exactly one error, at the user's token, that names the fix. Accept changed messages with
//! `cargo xtask ui --bless`, after reading them.

use std::fs;
use std::path::PathBuf;

#[test]
fn every_misuse_gives_exactly_one_error() {
    let cases = trybuild::TestCases::new();
    // The asserts are there with `test-util` only.
    let asserts = cfg!(feature = "test-util").then_some("asserts");
    let kinds = || ["event", "subscriber", "topology"].into_iter().chain(asserts);
    cases.pass("tests/ui/*/pass/*.rs");
    kinds().for_each(|kind| cases.compile_fail(format!("tests/ui/{kind}/fail/*.rs")));
    // Runs them, so that what is counted below is what the compiler says now.
    drop(cases);

    let mut misuses = 0;
    for kind in kinds() {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/ui").join(kind).join("fail");
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                misuses += 1;
                let said = fs::read_to_string(path.with_extension("stderr")).unwrap();
                let complaints = said.lines().filter(|line| line.starts_with("error") || line.starts_with("warning"));
                assert_eq!(complaints.count(), 1, "{}:\n{said}", path.display());
            }
        }
    }
    assert!(misuses >= 40, "only {misuses} misuses are tested");
}
