//! What needs no AWS asks for none: no credentials, no region, no network.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::process::Command;
use std::time::{Duration, Instant};

use melange_tests::ran::Ran;

#[test]
fn what_needs_no_credentials_asks_for_none() {
    for arguments in [
        &["events"][..],
        &["subscribers", "--output", "json"],
        &["--output", "json", "check"],
        &["schema"],
        &["asyncapi"],
        &["catalogue"],
        &["diagram", "dot"],
        &["terraform"],
        &["cloudformation", "--with-iam"],
        &["iam", "consumer"],
        &["completions", "fish"],
        &["publish", "OrderPlaced", "--dry-run", "--json", r#"{"order_id":"o","total_cents":1}"#],
        &["tail", "--help"],
        &["dlq", "redrive", "--dry-run", "--help"],
        &["help", "plan"],
    ] {
        let ran = asks_nobody(arguments);
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn who_calls_it_wrongly_is_told_so_without_anybody_being_asked() {
    for arguments in [
        &["publish"][..],
        &["publish", "OrderPlaced"],
        &["plann"],
        &["plan", "--nonsense"],
        &["consume"],
        &["consume", "--once", "--most", "2"],
        &["dlq"],
        &["dlq", "redrive", "--older-than", "soon"],
        &["tail", "OrderPlaced", "--count", "0"],
    ] {
        let ran = asks_nobody(arguments);
        assert_eq!((ran.code, ran.out.as_str()), (Some(64), ""), "{arguments:?}");
        assert!(ran.err.contains("Usage:") || ran.err.contains("--help"), "{ran:?}");
    }
}

/// What comes of these arguments where credentials and a region would be asked for last, if nobody had given any: nobody
/// may ask there.
fn asks_nobody(arguments: &[&str]) -> Ran {
    let metadata = TcpListener::bind("127.0.0.1:0").expect("a port");
    metadata.set_nonblocking(true).expect("it can be asked");
    let address = format!("http://{}", metadata.local_addr().expect("it has one"));
    let begun = Instant::now();
    let ran = Ran::of(
        Command::new(env!("CARGO_BIN_EXE_cli_aws"))
            .arg("melange")
            .args(arguments)
            .env_clear()
            .env("HOME", "/nonexistent")
            .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", &address),
    );
    assert!(begun.elapsed() < Duration::from_secs(40), "{arguments:?}");
    let asked = metadata.accept().map(|_| ());
    assert_eq!(asked.map_err(|error| error.kind()), Err(ErrorKind::WouldBlock), "{arguments:?} asked for something");
    ran
}

#[test]
fn what_needs_them_says_so() {
    let ran = Ran::of(
        Command::new(env!("CARGO_BIN_EXE_cli_aws"))
            .args(["melange", "tail", "OrderPlaced"])
            .env_clear()
            .envs([("HOME", "/nonexistent"), ("AWS_EC2_METADATA_DISABLED", "true")]),
    );
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.starts_with("error: no AWS region is known; set AWS_REGION"), "{ran:?}");
}
