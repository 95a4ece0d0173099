//! The examples are the files next to this folder; run one with `cargo run --example NAME`.
