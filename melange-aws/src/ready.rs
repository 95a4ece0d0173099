//! What no call can be made without: a region, credentials, an address that is one. Said before the first call, since the
//! SDK says it at length, tries again, and quotes the request.

use aws_config::SdkConfig;
use aws_types::service_config::ServiceConfigKey;
use melange::transport::{TransportError, TransportErrorKind};

use crate::names::NO_REGION;

/// What is missing of what no call can be made without.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ready(Option<(TransportErrorKind, String)>);

impl Ready {
    pub(crate) fn of(config: &SdkConfig) -> Self {
        if config.region().is_none() {
            return Self(Some((TransportErrorKind::Configuration, NO_REGION.to_owned())));
        }
        if config.credentials_provider().is_none() {
            let what =
                "there are no AWS credentials; give the process some (environment, profile, or the role it runs as)";
            return Self(Some((TransportErrorKind::Denied, what.to_owned())));
        }
        let wrong = ["SNS", "SQS", "STS"].into_iter().filter_map(|service| endpoint(config, service));
        Self(wrong.into_iter().find(|endpoint| !is_address(endpoint)).map(|endpoint| {
            let what = format!(
                "the endpoint {endpoint:?} is no address of a server; set AWS_ENDPOINT_URL, or `endpoint_url` in the AWS \
                 profile, to one such as `http://localhost:4566`, or take it away to call AWS itself"
            );
            (TransportErrorKind::Configuration, what)
        }))
    }

    /// # Errors
    /// What is missing.
    pub(crate) fn check(&self) -> Result<(), TransportError> {
        match &self.0 {
            None => Ok(()),
            Some((kind, what)) => Err(TransportError::new(*kind, what.clone())),
        }
    }
}

/// The address that `service` is called at, where it is not AWS's own.
pub(crate) fn endpoint(config: &SdkConfig, service: &str) -> Option<String> {
    let key = ServiceConfigKey::builder().service_id(service).env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
    let own = key.ok().and_then(|key| config.service_config()?.load_config(key));
    own.or_else(|| config.endpoint_url().map(str::to_owned))
}

fn is_address(endpoint: &str) -> bool {
    let rest = endpoint.strip_prefix("http://").or_else(|| endpoint.strip_prefix("https://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    !host.is_empty() && !host.starts_with(':') && !endpoint.contains(|c: char| c.is_whitespace() || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_from_what_is_none() {
        for good in
            ["http://localhost:4566", "https://sns.eu-west-1.amazonaws.com", "http://[::1]:1/x", "http://10.0.0.1/"]
        {
            assert!(is_address(good), "{good}");
        }
        for bad in ["", "localhost:4566", "127.0.0.1", "ftp://x", "http://", "http:///x", "http://:80", "http://a b"] {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
