//! The addresses of queues: asked for once, and forgotten when the queue is no more.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use melange::transport::{TransportError, TransportErrorKind};
use tokio::sync::OnceCell;

use crate::client::{Call, Client};

type Entry = Arc<OnceCell<String>>;

/// The addresses of queues, by the names AWS knows them by. They are opaque: nothing is read out of them.
#[derive(Debug, Default)]
pub(crate) struct QueueUrls(Mutex<HashMap<String, Entry>>);

impl QueueUrls {
    /// The address of `queue`; concurrent callers wait for one answer.
    pub(crate) async fn get(&self, client: &Client, queue: &str) -> Result<String, TransportError> {
        client.ready()?;
        let entry = Arc::clone(self.entries().entry(queue.to_owned()).or_default());
        entry.get_or_try_init(|| ask(client, queue)).await.cloned()
    }

    /// The queue was not where it was said to be.
    pub(crate) fn forget(&self, queue: &str) {
        self.entries().remove(queue);
    }

    /// Passes `answer` on, and forgets the queue if it says that there is none.
    pub(crate) fn heed<T>(&self, queue: &str, answer: Result<T, TransportError>) -> Result<T, TransportError> {
        if answer.as_ref().is_err_and(|error| error.kind() == TransportErrorKind::NotFound) {
            self.forget(queue);
        }
        answer
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, HashMap<String, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn ask(client: &Client, queue: &str) -> Result<String, TransportError> {
    let answer = Call::new("sqs:GetQueueUrl", format!("queue {queue}"))
        .send(client.sqs.get_queue_url().queue_name(queue).send())
        .await?;
    answer.queue_url().map(str::to_owned).ok_or_else(|| {
        TransportError::new(TransportErrorKind::Unavailable, format!("SQS named no address for queue {queue}"))
    })
}
