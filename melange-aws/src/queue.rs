//! [`AwsQueue`]: the transport that publishes to SNS and consumes from SQS.

mod settings;
mod transport;

use std::sync::Arc;
use std::time::Duration;

use melange::transport::{Topology, TransportError};

use crate::Aws;
use crate::provision::{self, Options, Others, Plan, Provision};
use crate::sqs::Polls;
#[cfg(feature = "signatures")]
use crate::sqs::Verifier;

/// How long a received message is invisible to others, unless its lease is extended.
const VISIBILITY: Duration = Duration::from_secs(30);

/// The transport of a service on AWS: it publishes to SNS topics, and consumes from this queue and from those that
/// subscribers name. Made by [`Aws::queue`].
///
/// ```no_run
/// # async fn example() {
/// use melange_aws::{Aws, Provision};
///
/// let transport = Aws::from_env().await.queue("billing").provision(Provision::Create);
/// # let _ = transport;
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct AwsQueue {
    aws: Aws,
    name: String,
    pub(crate) provision: Provision,
    pub(crate) raw: bool,
    pub(crate) filtered: bool,
    pub(crate) options: Options,
    visibility: Duration,
    polls: Arc<Polls>,
    pub(crate) others: Arc<Others>,
    #[cfg(feature = "signatures")]
    verifier: Option<Arc<Verifier>>,
}

impl AwsQueue {
    pub(crate) fn new(aws: Aws, name: String) -> Self {
        Self {
            aws,
            name,
            provision: Provision::default(),
            raw: true,
            filtered: true,
            options: Options::default(),
            visibility: VISIBILITY,
            polls: Arc::default(),
            others: Arc::default(),
            #[cfg(feature = "signatures")]
            verifier: None,
        }
    }

    /// What differs between AWS and what `topology` needs, whatever [`provision`](Self::provision) says. Reads only.
    ///
    /// # Errors
    /// A failure of AWS, or of the connection to it. If permissions are missing, the error names each action and
    /// resource, and lists what differs in the rest.
    pub async fn plan(&self, topology: &Topology) -> Result<Plan, TransportError> {
        provision::plan(self, topology).await
    }

    /// Creates what is missing on AWS and fixes what has drifted, once, as [`Provision::Create`] does at start,
    /// whatever [`provision`](Self::provision) says. Consumes nothing. The returned plan is what has been done.
    ///
    /// # Errors
    /// A failure of AWS, or of the connection to it; or something that only a person can fix, and then nothing is
    /// created or changed.
    pub async fn apply(&self, topology: &Topology) -> Result<Plan, TransportError> {
        provision::apply(self, topology).await
    }

    pub(crate) fn aws(&self) -> &Aws {
        &self.aws
    }
}
