//! Exists for `links = "melange"` in Cargo.toml, which needs a build script.
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
}
