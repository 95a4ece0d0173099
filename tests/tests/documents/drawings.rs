//! The topology for Mermaid and Graphviz.

use crate::shop;

#[test]
fn mermaid() {
    insta::assert_snapshot!(shop::documents().mermaid());
}

#[test]
fn dot() {
    insta::assert_snapshot!(shop::documents().dot());
}
