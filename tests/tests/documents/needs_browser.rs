//! The catalogue and the flowchart in a real browser.

use crate::tools::{browser, file, node};
use crate::{hostile, many, shop};

#[test]
#[ignore = "needs Node and Chromium: run `cargo xtask documents`"]
fn the_catalogue_works_and_asks_nobody() {
    let page = file("catalogue.html", &shop::documents().catalogue().unwrap());
    let said = node("catalogue.cjs", ["shop".into(), browser().into(), page]);
    assert!(said.ends_with("all of it works\n"), "{said}");
}

#[test]
#[ignore = "needs Node and Chromium: run `cargo xtask documents`"]
fn hostile_names_do_nothing() {
    let page = file("hostile.html", &hostile::documents().catalogue().unwrap());
    let said = node("catalogue.cjs", ["hostile".into(), browser().into(), page]);
    assert!(said.ends_with("all of it works\n"), "{said}");
}

#[test]
#[ignore = "needs Node and Chromium: run `cargo xtask documents`"]
fn a_thousand_events_are_quick() {
    let page = file("many.html", &many::documents().catalogue().unwrap());
    let said = node("catalogue.cjs", ["many".into(), browser().into(), page]);
    assert!(said.ends_with("all of it works\n"), "{said}");
}

#[test]
#[ignore = "needs Node and Chromium: run `cargo xtask documents`"]
fn mermaid_draws_the_flowchart() {
    for (name, documents) in [("shop", shop::documents()), ("hostile", hostile::documents())] {
        let chart = file(&format!("{name}.mmd"), &documents.mermaid());
        let said = node("mermaid.cjs", [browser().into(), chart]);
        let boxes = documents.mermaid().lines().filter(|line| line.contains(":::")).count();
        assert_eq!(said, format!("{boxes} boxes\n"));
    }
}
