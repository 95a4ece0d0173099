//! The account that names are made into ARNs with, asked for as late and as seldom as can be.

use std::sync::Arc;

use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials;
use melange::transport::{TransportError, TransportErrorKind};
use tokio::sync::OnceCell;

use crate::client::{Call, Client};
use crate::ready::endpoint;

/// What local servers take as the account of any credentials.
const LOCAL: &str = "000000000000";

/// The account: as told, or else as found out, once for all clones.
#[derive(Debug, Clone, Default)]
pub(crate) struct Account {
    told: Option<String>,
    found: Arc<OnceCell<String>>,
}

impl Account {
    pub(crate) fn told(id: String) -> Self {
        Self { told: Some(id), found: Arc::default() }
    }

    /// The account, if it is known already.
    pub(crate) fn known(&self) -> Option<&str> {
        self.told.as_deref().or_else(|| self.found.get().map(String::as_str))
    }

    /// The account was seen in an ARN of ours.
    pub(crate) fn learn(&self, id: &str) {
        if self.told.is_none() {
            // Too late is as well: whoever was first asked the same AWS.
            let _ = self.found.set(id.to_owned());
        }
    }

    /// The account; concurrent callers wait for one answer.
    pub(crate) async fn id(&self, config: &SdkConfig, client: &Client) -> Result<&str, TransportError> {
        if let Some(told) = &self.told {
            return Ok(told);
        }
        self.found.get_or_try_init(|| find(config, client)).await.map(String::as_str)
    }
}

async fn find(config: &SdkConfig, client: &Client) -> Result<String, TransportError> {
    if let Some(provider) = config.credentials_provider()
        && let Ok(credentials) = provider.provide_credentials().await
        && let Some(id) = credentials.account_id()
    {
        return Ok(id.as_str().to_owned());
    }
    if endpoint(config, "SNS").is_some_and(|url| is_loopback(&url)) {
        return Ok(LOCAL.to_owned());
    }
    let answer = Call::new("sts:GetCallerIdentity", "the account; `.account(\"...\")` would spare this call")
        .send(client.sts.get_caller_identity().send())
        .await?;
    answer.account().map(str::to_owned).ok_or_else(|| {
        TransportError::new(TransportErrorKind::Configuration, "STS named no account; say `.account(\"...\")`")
    })
}

pub(crate) fn is_loopback(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or(v6),
        None => authority.rsplit_once(':').map_or(authority, |(host, _)| host),
    };
    host.eq_ignore_ascii_case("localhost") || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_told_from_the_world() {
        for local in
            ["http://127.0.0.1:4566", "http://localhost:4566/", "http://[::1]:4566/x", "http://LOCALHOST", "127.0.0.2"]
        {
            assert!(is_loopback(local), "{local}");
        }
        for world in [
            "https://sns.eu-west-1.amazonaws.com",
            "http://localhost.example.com:4566",
            "http://10.0.0.1",
            "http://example.com/127.0.0.1",
            "http://user@example.com:1/localhost",
            "http://127.0.0.1:80@example.com",
            "",
        ] {
            assert!(!is_loopback(world), "{world}");
        }
    }

    #[test]
    fn what_was_told_is_not_overruled() {
        let told = Account::told("1".to_owned());
        told.learn("2");
        assert_eq!(told.known(), Some("1"));
        let found = Account::default();
        assert_eq!(found.known(), None);
        let clone = found.clone();
        found.learn("2");
        found.learn("3");
        assert_eq!(clone.known(), Some("2"));
    }
}
