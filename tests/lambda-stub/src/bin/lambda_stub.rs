//! Runs a function as Lambda runs it: invokes it with each payload, and prints what it answers.
//!
//! `cargo run -p melange-lambda-stub -- --example lambda_sqs examples/aws/payloads/sqs_batch.json`

use std::error::Error;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use melange_lambda_stub::Runtime;
use tokio::process::Command;

const USAGE: &str = "\
usage: lambda_stub [--time SECONDS] (--example NAME | PROGRAM) PAYLOAD.json...

  --example NAME   builds and runs this example of melange-examples-aws
  --time SECONDS   what the function has for each invocation; 30 unless said otherwise
";

/// What is to be run, and with what.
struct Plan {
    time: Duration,
    program: PathBuf,
    payloads: Vec<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let Plan { time, program, payloads } = plan().await?;
    let runtime = Runtime::start().await?;
    let mut function =
        Command::new(program).envs(runtime.environment()).stdin(Stdio::null()).kill_on_drop(true).spawn()?;
    for path in payloads {
        let payload = tokio::fs::read_to_string(&path).await.map_err(|error| format!("{}: {error}", path.display()))?;
        println!("> {}", path.display());
        let begun = Instant::now();
        tokio::select! {
            answer = runtime.invoke_within(time, payload) => println!("< {answer} ({} ms)", begun.elapsed().as_millis()),
            ended = function.wait() => return Err(format!("the function has ended: {}", ended?).into()),
        }
    }
    function.kill().await?;
    Ok(())
}

async fn plan() -> Result<Plan, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut time = Duration::from_secs(30);
    let program = loop {
        match arguments.next().as_deref() {
            None | Some("--help") => return Err(USAGE.into()),
            Some("--time") => time = Duration::from_secs_f64(arguments.next().ok_or(USAGE)?.parse()?),
            Some("--example") => break example(&arguments.next().ok_or(USAGE)?).await?,
            Some(program) => break PathBuf::from(program),
        }
    };
    let payloads: Vec<PathBuf> = arguments.map(PathBuf::from).collect();
    if payloads.is_empty() {
        return Err(USAGE.into());
    }
    Ok(Plan { time, program, payloads })
}

/// Builds the example, and says where it is.
async fn example(name: &str) -> Result<PathBuf, Box<dyn Error>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--quiet", "--package", "melange-examples-aws", "--example", name])
        .arg("--message-format=json-render-diagnostics")
        .stderr(Stdio::inherit())
        .output()
        .await?;
    let messages = String::from_utf8_lossy(&output.stdout).into_owned();
    let executable =
        messages.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok()).find_map(|message| {
            match message["target"]["name"] == name {
                true => message["executable"].as_str().map(PathBuf::from),
                false => None,
            }
        });
    executable.ok_or_else(|| format!("there is no example {name} that can be built").into())
}
