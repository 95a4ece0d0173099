//! The topology of a program with three queues, as code and as a plan: what it needs on AWS, from its events and
//! subscribers.
//!
//! `cargo run -p melange-examples-aws --example topology -- terraform` writes Terraform; `cloudformation` and `iam`
//! need no credentials either. `check FILE` tells whether a committed file is still up to date. `plan` shows what
//! differs in the account (exit code 2 if anything does), `plan --json` for programs, and `apply` applies the plan.

use std::process::ExitCode;
use std::time::Duration;

use melange::{Event, Registry, subscriber};
use melange_aws::Aws;
use melange_aws::topology::{self, AwsTopology};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "orders")]
struct OrderPlaced {
    order_id: String,
}

#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "orders")]
struct OrderCancelled {
    order_id: String,
}

#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "parcels.fifo")]
struct ParcelMoved {
    #[event(key)]
    parcel_id: String,
}

#[subscriber(listens_to = OrderPlaced)]
fn send_invoice(order: &OrderPlaced) {
    println!("invoice for {}", order.order_id);
}

#[subscriber(listens_to = ParcelMoved, queue = "shipping.fifo")]
fn follow_parcel(parcel: &ParcelMoved) {
    println!("parcel {}", parcel.parcel_id);
}

#[subscriber(listens_to = OrderPlaced, queue = "audit")]
fn note_placed(order: &OrderPlaced) {
    println!("placed: {}", order.order_id);
}

#[subscriber(listens_to = OrderCancelled, queue = "audit")]
fn note_cancelled(order: &OrderCancelled) {
    println!("cancelled: {}", order.order_id);
}

async fn topology() -> Result<AwsTopology, Box<dyn std::error::Error>> {
    let prefix = std::env::var("PREFIX").unwrap_or_default();
    // Messages that SNS cannot deliver are kept too, and audits are not urgent.
    let queue = Aws::from_env().await.prefix(prefix).queue("billing").keep_undelivered();
    let queue = queue.retention(Duration::from_secs(14 * 24 * 60 * 60)).tag("team", "billing");
    Ok(queue.topology_of(&Registry::linked()?)?)
}

async fn run(arguments: &[&str]) -> Result<u8, Box<dyn std::error::Error>> {
    let topology = topology().await?;
    match arguments {
        ["terraform"] => print!("{}", topology.with_iam().terraform()),
        ["cloudformation"] => print!("{}", topology.with_iam().cloudformation()),
        ["iam"] => print!("{}", topology.iam_json()),
        ["check", file] => {
            let topology = topology.with_iam();
            let wanted = match std::path::Path::new(file).extension().and_then(|extension| extension.to_str()) {
                Some("tf") => topology.terraform(),
                Some("json") => topology.cloudformation(),
                _ => return Err(format!("{file}: Terraform ends in `.tf`, CloudFormation in `.json`").into()),
            };
            let comparison = topology::check(file, &wanted)?;
            print!("{comparison}");
            return Ok(comparison.exit_code());
        }
        ["plan"] => {
            let plan = topology.plan().await?;
            println!("{plan}");
            return Ok(plan.exit_code());
        }
        ["plan", "--json"] => {
            let plan = topology.plan().await?;
            println!("{}", serde_json::to_string_pretty(&plan)?);
            return Ok(plan.exit_code());
        }
        ["apply"] => println!("done:\n{}", topology.apply().await?),
        _ => return Err("terraform | cloudformation | iam | check FILE | plan [--json] | apply".into()),
    }
    Ok(0)
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    run(&arguments).await.map_or_else(
        |error| {
            eprintln!("{error}");
            ExitCode::from(1)
        },
        ExitCode::from,
    )
}
