//! Where certificates come from.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use melange::BoxError;

use super::cache::Cache;
use super::fetch::{Erased, FetchCertificate, Https};
use super::{Certificate, Problem, Topic, subject, url};
use crate::account::is_loopback;

/// The source of the certificates that SNS messages are verified with: SNS itself, over HTTPS, by default.
///
/// Whatever the source, a certificate must have a URL on SNS's host in the region of an allowed topic, be issued to
/// that host, and be valid now. Up to 16 are cached; after a failure, a certificate is not fetched again for a minute.
/// Clones share the cache.
#[derive(Clone)]
pub struct Certificates {
    cache: Arc<Cache>,
    /// The addresses that are taken instead of those of SNS, and whoever they are made out to.
    local: Option<String>,
}

impl Certificates {
    /// From SNS itself, with the SDK's HTTP client: no proxy, no redirects.
    #[must_use]
    pub fn of_sns() -> Self {
        Self::fetched_by(Https::default())
    }

    /// From your own `fetch`.
    #[must_use]
    pub fn fetched_by(fetch: impl FetchCertificate) -> Self {
        Self::new(Box::new(fetch))
    }

    /// From this list, by their URLs, each in PEM; none is ever fetched. SNS changes its certificate about once a year,
    /// so pinned ones must be updated.
    #[must_use]
    pub fn pinned<U: Into<String>, P: Into<Vec<u8>>>(certificates: impl IntoIterator<Item = (U, P)>) -> Self {
        Self::fetched_by(Pinned(certificates.into_iter().map(|(url, pem)| (url.into(), pem.into())).collect()))
    }

    /// **For tests only**: from a server on this machine that behaves like SNS, such as LocalStack at
    /// `http://127.0.0.1:4566`. Only its certificates, over plain HTTP and issued to anyone, are accepted then. Anyone
    /// who can answer at that address can forge any message, so an address that is not on this machine is refused: no
    /// message passes verification then.
    #[must_use]
    pub fn of_local_server(endpoint: &str) -> Self {
        let endpoint = endpoint.trim_end_matches('/');
        let base = if is_loopback(endpoint) {
            format!("{endpoint}/_aws/sns/")
        } else {
            tracing::error!(
                endpoint,
                "this is no address of this machine: no certificate is taken from it, and none from elsewhere"
            );
            String::new()
        };
        Self { local: Some(base), ..Self::of_sns() }
    }

    fn new(fetch: Box<dyn Erased>) -> Self {
        Self { cache: Arc::new(Cache::new(fetch)), local: None }
    }

    /// The certificate at `url`, if it is one to verify what is of `topic` with.
    pub(in crate::signature) async fn get(
        &self,
        url: &str,
        topic: &Topic,
        now: SystemTime,
    ) -> Result<Arc<Certificate>, Problem> {
        let (is_there, names) = match &self.local {
            Some(base) => (!base.is_empty() && url::is_below(url, base), None),
            None => {
                let (region, suffix) = (topic.region.as_str(), topic.suffix);
                (url::is_of_sns(url, region, suffix), Some(subject::names(region, suffix)))
            }
        };
        if !is_there {
            return Err(Problem::Elsewhere);
        }
        let certificate = self.cache.get(url, now).await?;
        match names {
            Some(names) if !certificate.names.iter().any(|name| names.contains(name)) => {
                Err(Problem::Unfit(format!("it is not made out to {}", names.join(" or "))))
            }
            _ => Ok(certificate),
        }
    }
}

impl Default for Certificates {
    fn default() -> Self {
        Self::of_sns()
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates").field("local", &self.local).finish_non_exhaustive()
    }
}

struct Pinned(BTreeMap<String, Vec<u8>>);

impl FetchCertificate for Pinned {
    async fn fetch(&self, url: &str) -> Result<Vec<u8>, BoxError> {
        self.0.get(url).cloned().ok_or_else(|| "it is not among those that are pinned".into())
    }
}
