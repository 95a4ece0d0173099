//! `cargo melange ...`: runs the tool that a package's program brings along.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use clap::Parser;

/// Builds and runs a program of this workspace that has the tool of Melange in it, and passes on what stands behind these
/// options: as in `cargo melange events`, or `cargo melange -p orders plan`
///
/// The program has this line in its `main`: `if let Some(done) = melange_aws::cli::run(&bus).await? { return done }`
#[derive(Debug, Parser)]
#[command(name = "cargo melange", bin_name = "cargo melange", version, arg_required_else_help = true)]
struct Arguments {
    /// The package whose program is run; the one of this folder unless said otherwise
    #[arg(short, long, value_name = "NAME")]
    package: Option<String>,

    /// The program, if the package has several
    #[arg(long, value_name = "NAME", conflicts_with = "example")]
    bin: Option<String>,

    /// An example instead
    #[arg(long, value_name = "NAME")]
    example: Option<String>,

    /// Features of the package
    #[arg(short = 'F', long, value_name = "FEATURES")]
    features: Vec<String>,

    /// All features of the package
    #[arg(long)]
    all_features: bool,

    /// None of its default features
    #[arg(long)]
    no_default_features: bool,

    /// With optimizations
    #[arg(short, long)]
    release: bool,

    /// With this profile
    #[arg(long, value_name = "NAME", conflicts_with = "release")]
    profile: Option<String>,

    /// The manifest of the package or workspace
    #[arg(long, value_name = "PATH")]
    manifest_path: Option<OsString>,

    /// What the tool is told: a command, and what belongs to it
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND", required = true)]
    command: Vec<OsString>,
}

impl Arguments {
    fn cargo(&self) -> Command {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["run", "--quiet"]);
        for (option, value) in [
            ("--package", &self.package),
            ("--bin", &self.bin),
            ("--example", &self.example),
            ("--profile", &self.profile),
        ] {
            cargo.args(value.iter().flat_map(|value| [option, value.as_str()]));
        }
        cargo.args(self.features.iter().flat_map(|features| ["--features", features.as_str()]));
        for (option, wanted) in [
            ("--all-features", self.all_features),
            ("--no-default-features", self.no_default_features),
            ("--release", self.release),
        ] {
            cargo.args(wanted.then_some(option));
        }
        if let Some(path) = &self.manifest_path {
            cargo.arg("--manifest-path").arg(path);
        }
        cargo.args(["--", "melange"]).args(&self.command).env("MELANGE_CALLED_AS", "cargo melange");
        cargo
    }
}

fn main() -> ExitCode {
    // Cargo calls `cargo-melange melange ..`.
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    if arguments.get(1).is_some_and(|first| first == "melange") {
        arguments.remove(1);
    }
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            let usage = error.use_stderr();
            // A reader that has gone away wants to know no more.
            let _ = error.print();
            return if usage { ExitCode::from(64) } else { ExitCode::SUCCESS };
        }
    };
    become_it(arguments.cargo())
}

/// The program takes our place: signals and exit codes are its own.
#[cfg(unix)]
fn become_it(mut cargo: Command) -> ExitCode {
    use std::os::unix::process::CommandExt as _;
    let error = cargo.exec();
    not_started(&error)
}

#[cfg(not(unix))]
fn become_it(mut cargo: Command) -> ExitCode {
    match cargo.status() {
        Ok(status) => ExitCode::from(u8::try_from(status.code().unwrap_or(1)).unwrap_or(1)),
        Err(error) => not_started(&error),
    }
}

fn not_started(error: &std::io::Error) -> ExitCode {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "error: cargo could not be started: {error}\n  help: is it on the PATH?");
    ExitCode::FAILURE
}
