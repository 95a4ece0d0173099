//! The tools of those who will read it: `terraform` and `cfn-lint`, where they are at hand. Where not, it is said.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use melange_aws::AwsTopology;

use crate::program::{nowhere, registry, with_all};

fn written() -> Vec<(&'static str, AwsTopology)> {
    let topology = |name, asked: fn(melange_aws::AwsQueue) -> melange_aws::AwsQueue| {
        (name, asked(nowhere().queue("billing")).topology_of(&registry()).unwrap().with_iam())
    };
    let hostile = |queue: melange_aws::AwsQueue| queue.tag("${a}\"\\\n%{b}", "for").tag("in", "\u{1}");
    let elsewhere = nowhere().topic_arn("orders", "arn:aws:sns:eu-west-1:111122223333:their-orders").queue("billing");
    let elsewhere = elsewhere.topology_of(&registry()).unwrap();
    vec![
        topology("plain", |queue| queue),
        topology("all", with_all),
        topology("hostile", hostile),
        ("elsewhere", elsewhere),
    ]
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("topology").join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// What the tool printed, and whether it was content; `None` where there is none.
fn run(command: &mut Command) -> Option<(bool, String)> {
    let output = command.env("CHECKPOINT_DISABLE", "1").output().ok()?;
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    Some((output.status.success(), said))
}

#[test]
fn terraform_would_lay_it_out_the_same() {
    if run(Command::new("terraform").arg("version")).is_none() {
        println!("NOT RUN: there is no `terraform` here");
        return;
    }
    for (name, topology) in written() {
        let folder = folder(&format!("terraform-{name}"));
        fs::write(folder.join("main.tf"), topology.terraform()).unwrap();
        let (content, said) =
            run(Command::new("terraform").args(["fmt", "-check", "-diff"]).current_dir(&folder)).unwrap();
        assert!(content, "{name}: {said}");
    }
}

#[test]
fn terraform_finds_it_valid() {
    let Some(providers) = std::env::var_os("MELANGE_TERRAFORM_PROVIDERS") else {
        println!(
            "NOT RUN: `terraform validate` needs the AWS provider; give its directory, as `terraform providers mirror` makes \
             one, in MELANGE_TERRAFORM_PROVIDERS"
        );
        return;
    };
    let mut from = std::ffi::OsString::from("-plugin-dir=");
    from.push(providers);
    for (name, topology) in written() {
        let folder = folder(&format!("validate-{name}"));
        fs::write(folder.join("main.tf"), topology.terraform()).unwrap();
        let init = run(Command::new("terraform").args(["init", "-input=false"]).arg(&from).current_dir(&folder));
        let validate = run(Command::new("terraform").arg("validate").current_dir(&folder));
        for (content, said) in [init, validate].into_iter().flatten() {
            assert!(content, "{name}: {said}");
        }
    }
}

/// `cfn-lint`, in a virtual environment below the target directory.
fn cfn_lint() -> Option<PathBuf> {
    let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/topology/cfn-lint.txt");
    let environment = folder("cfn-lint");
    let (done, bin) = (environment.join("requirements.txt"), environment.join("bin"));
    if fs::read(&done).ok() != fs::read(&requirements).ok() {
        let (made, said) = run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
        assert!(made, "{said}");
        let mut install = Command::new(bin.join("python"));
        install.args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", "--no-deps"]);
        install.args(["--require-hashes", "--only-binary", ":all:", "--requirement"]).arg(&requirements);
        let (installed, said) = run(&mut install)?;
        assert!(installed, "{said}");
        fs::copy(&requirements, &done).unwrap();
    }
    Some(bin.join("cfn-lint"))
}

#[test]
#[ignore = "installs cfn-lint below target: run `cargo xtask test`"]
fn cfn_lint_finds_nothing() {
    let Some(cfn_lint) = cfn_lint() else {
        println!("NOT RUN: there is no `python3` here");
        return;
    };
    // AWS takes no such tags, and it says so.
    for (name, topology) in written().into_iter().filter(|(name, _)| *name != "hostile") {
        let template = folder("cloudformation").join(format!("{name}.json"));
        fs::write(&template, topology.cloudformation()).unwrap();
        let (content, said) = run(Command::new(&cfn_lint).arg(&template)).unwrap();
        assert!(content, "{name}: {said}");
    }
    // It would have found something.
    let broken = written()[0].1.cloudformation().replace("\"QueueName\"", "\"QueuesName\"");
    let template = folder("cloudformation").join("broken.json");
    fs::write(&template, broken).unwrap();
    let (content, said) = run(Command::new(&cfn_lint).arg(&template)).unwrap();
    assert!(!content && said.contains("QueuesName"), "{said}");
}
