//! Getting a certificate over the network.

use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::HttpConnector as _;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use http_body_util::{BodyExt as _, Limited};
use melange::BoxError;

/// Most bytes of a certificate; those of SNS have two thousand.
pub(super) const LARGEST: usize = 16 * 1024;

/// Fetches a certificate from a URL that was checked to be one of SNS: for example through a proxy, or from a file.
///
/// Implementations must not follow redirects, and need neither a timeout nor a cache: a fetch is given up after 5
/// seconds, concurrent messages share one fetch, and anything larger than 16 KiB is refused.
pub trait FetchCertificate: Send + Sync + 'static {
    /// The certificate at `url`, in PEM.
    ///
    /// # Errors
    /// If it is unavailable; the error must not quote what was received.
    fn fetch(&self, url: &str) -> impl Future<Output = Result<Vec<u8>, BoxError>> + Send;
}

pub(super) type Fetching<'a> = Pin<Box<dyn Future<Output = Result<Vec<u8>, BoxError>> + Send + 'a>>;

/// The twin of [`FetchCertificate`] that can be an object.
pub(super) trait Erased: Send + Sync {
    fn fetch<'a>(&'a self, url: &'a str) -> Fetching<'a>;
}

impl<F: FetchCertificate> Erased for F {
    fn fetch<'a>(&'a self, url: &'a str) -> Fetching<'a> {
        Box::pin(FetchCertificate::fetch(self, url))
    }
}

/// By the HTTP client that the SDK has, but with a connection of its own for each certificate: no proxy, no redirects,
/// no credentials.
#[derive(Debug, Default)]
pub(super) struct Https(OnceLock<Connector>);

impl FetchCertificate for Https {
    async fn fetch(&self, url: &str) -> Result<Vec<u8>, BoxError> {
        // Made late: it reads the machine's root certificates.
        let connector = self.0.get_or_init(|| {
            Connector::builder().pool_max_idle_per_host(0).tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build()
        });
        let mut answer = connector.call(HttpRequest::get(url)?).await.map_err(|error| chain(&error))?;
        let status = answer.status().as_u16();
        if status != 200 {
            return Err(format!("SNS answered with status {status}").into());
        }
        let body = Limited::new(answer.take_body(), LARGEST).collect().await;
        Ok(body.map_err(|error| chain(&*error))?.to_bytes().to_vec())
    }
}

fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut said = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        said = format!("{said}: {error}");
        next = error.source();
    }
    said
}
