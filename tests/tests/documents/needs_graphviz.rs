//! Whether Graphviz draws what is meant for it.

use std::process::Command;

use crate::tools::file;
use crate::{hostile, shop};

#[test]
#[ignore = "needs Graphviz: run `cargo xtask documents`"]
fn dot_draws_every_box() {
    for (name, documents) in [("shop", shop::documents()), ("hostile", hostile::documents())] {
        let source = file(&format!("{name}.dot"), &documents.dot());
        let output = Command::new("dot").arg("-Tsvg").arg(&source).output().expect("dot runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{said}");
        let drawn = String::from_utf8_lossy(&output.stdout).into_owned();
        let boxes = documents.dot().lines().filter(|line| line.contains("[label=")).count();
        assert_eq!(drawn.matches("class=\"node\"").count(), boxes);
        // A label is drawn as it was given: what Graphviz would take for markup, or for an escape of its own, too.
        assert!(!drawn.contains("<script") && !drawn.contains("<img"));
    }
}
