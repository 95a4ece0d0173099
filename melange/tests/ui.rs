//! Every misuse of the macros gives exactly one error, at the user's token, that names the fix. Accept changed messages with
//! `cargo xtask ui --bless`, after reading them.

use std::fs;
use std::path::PathBuf;

#[test]
fn compiler_messages() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/*/pass/*.rs");
    cases.compile_fail("tests/ui/*/fail/*.rs");
}

#[test]
fn every_misuse_gives_exactly_one_error() {
    let mut cases = 0;
    for kind in ["event", "subscriber"] {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/ui").join(kind).join("fail");
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                cases += 1;
                let said = fs::read_to_string(path.with_extension("stderr")).unwrap();
                let errors = said.lines().filter(|line| line.starts_with("error")).count();
                assert_eq!(errors, 1, "{}:\n{said}", path.display());
            }
        }
    }
    assert!(cases >= 40, "only {cases} misuses are tested");
}
