//! The environment that leads an AWS client to the local server, and nowhere else.

use std::env;
use std::process::Command;

/// What a client needs to know, as names and values.
pub(crate) fn variables(endpoint: &str) -> Vec<(&'static str, String)> {
    [
        ("MELANGE_TEST_ENDPOINT", endpoint),
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_ACCOUNT_ID", "000000000000"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .to_vec()
}

/// Gives a command these variables and takes away every other that speaks of AWS: a profile, a session
/// token or an endpoint of one service would lead the tests to the developer's own account.
pub(crate) fn lead_to(endpoint: &str, command: &mut Command) {
    for name in inherited() {
        command.env_remove(name);
    }
    command.envs(variables(endpoint));
    for name in ["NO_PROXY", "no_proxy"] {
        command.env(name, without_proxy(env::var(name).ok().as_deref()));
    }
}

/// The same for a person's shell, as lines to paste into it.
pub(crate) fn shell_lines(endpoint: &str) -> String {
    let taken_away = inherited().map(|name| format!("unset {name}\n"));
    let given = variables(endpoint).into_iter().map(|(name, value)| format!("export {name}={value}\n"));
    taken_away.chain(given).collect()
}

fn inherited() -> impl Iterator<Item = String> {
    env::vars_os().filter_map(|(name, _)| name.into_string().ok()).filter(|name| name.starts_with("AWS_"))
}

fn without_proxy(present: Option<&str>) -> String {
    match present {
        Some(hosts) if !hosts.is_empty() => format!("{hosts},127.0.0.1,localhost"),
        _ => "127.0.0.1,localhost".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{lead_to, shell_lines, without_proxy};
    use std::process::Command;

    #[test]
    fn the_tests_get_the_endpoint() {
        let mut command = Command::new("cargo");
        lead_to("http://127.0.0.1:1", &mut command);
        let given = |wanted: &str| command.get_envs().any(|(name, value)| name == wanted && value.is_some());
        assert!(given("MELANGE_TEST_ENDPOINT"));
        assert!(given("AWS_ENDPOINT_URL"));
    }

    #[test]
    fn the_shell_gets_one_export_per_line() {
        let lines = shell_lines("http://127.0.0.1:1");
        assert!(lines.lines().all(|line| line.starts_with("export ") || line.starts_with("unset ")));
        assert!(lines.contains("export MELANGE_TEST_ENDPOINT=http://127.0.0.1:1\n"));
    }

    #[test]
    fn a_proxy_is_not_asked_for_the_local_server() {
        assert_eq!(without_proxy(None), "127.0.0.1,localhost");
        assert_eq!(without_proxy(Some("a.example")), "a.example,127.0.0.1,localhost");
    }
}
