//! The documents that a registry is made into: schemas, AsyncAPI, the catalogue and the drawings.
//!
//! What needs Node, a browser or Graphviz is run by `cargo xtask documents`, and by `cargo xtask test` where they are.

mod asyncapi;
mod catalogue;
mod choices;
mod drawings;
mod hostile;
mod many;
mod needs_browser;
mod needs_graphviz;
mod needs_node;
mod schemas;
mod shapes;
mod shop;
mod tools;
