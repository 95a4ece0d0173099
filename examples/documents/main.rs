//! All documents about a program: `cargo run --example documents --features schema -- target/documents`.
//!
//! It writes the JSON Schema of each message, an AsyncAPI document, a catalogue to open in a browser, and the topology
//! for Mermaid and Graphviz. Nothing is started, and no broker is called.

mod orders;
mod payments;
mod shipping;

use std::path::{Path, PathBuf};
use std::{env, fs};

use melange::Registry;
use melange::documents::Server;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = env::args_os().nth(1).map_or_else(|| PathBuf::from("target/documents"), PathBuf::from);

    let registry = Registry::linked()?;
    registry.check()?;
    let documents = registry
        .documents()
        .title("Shop")
        .version(env!("CARGO_PKG_VERSION"))
        .description("Orders, payments and shipping of a small shop.")
        .own_queue("shop")
        .server("production-topics", Server::new("sns.eu-west-1.amazonaws.com", "sns"))
        .server("production-queues", Server::new("sqs.eu-west-1.amazonaws.com", "sqs"));

    for (name, schema) in documents.schemas() {
        write(&folder.join("schemas").join(format!("{name}.json")), &serde_json::to_string_pretty(&schema)?)?;
    }
    write(&folder.join("asyncapi.json"), &serde_json::to_string_pretty(&documents.asyncapi()?)?)?;
    write(&folder.join("catalogue.html"), &documents.catalogue()?)?;
    write(&folder.join("topology.mmd"), &documents.mermaid())?;
    write(&folder.join("topology.dot"), &documents.dot())?;
    println!("{documents}, written to {}", folder.display());
    Ok(())
}

fn write(file: &Path, text: &str) -> Result<(), Box<dyn std::error::Error>> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(file, text).map_err(|error| format!("cannot write {}: {error}", file.display()).into())
}
