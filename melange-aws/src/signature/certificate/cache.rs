//! Certificates in hand: each is fetched once, and by one of those who wait for it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use super::fetch::{Erased, LARGEST};
use super::{Certificate, Problem};

/// Most certificates kept. A region has one or two at a time.
const MOST: usize = 16;
/// Most addresses remembered at which there was none.
const MOST_FAILED: usize = 64;
/// How long such an address is not asked again.
const REST: Duration = Duration::from_secs(60);
/// How long a certificate may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Most requests at once: anyone may send letters that name certificates which SNS does not have.
const AT_ONCE: usize = 4;

type Answer = Result<Arc<Certificate>, Problem>;

pub(super) struct Cache(Arc<Inner>);

struct Inner {
    fetch: Box<dyn Erased>,
    slots: Semaphore,
    known: Mutex<Known>,
}

/// The latest are last, in each list.
#[derive(Default)]
struct Known {
    held: Vec<(String, Arc<Certificate>)>,
    failed: Vec<(String, Instant, Problem)>,
    /// Weak: where all that waited have gone, nobody goes on with it.
    under_way: Vec<(String, WeakShared<BoxFuture<'static, Answer>>)>,
}

impl Cache {
    pub(super) fn new(fetch: Box<dyn Erased>) -> Self {
        Self(Arc::new(Inner { fetch, slots: Semaphore::new(AT_ONCE), known: Mutex::default() }))
    }

    /// The certificate at `url`, valid at `now`.
    pub(super) async fn get(&self, url: &str, now: SystemTime) -> Answer {
        let wait = {
            let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(answer) = known.look(url, now) {
                return answer;
            }
            match known.join(url) {
                Some(other) => other,
                None => {
                    let fetching = fetch(Arc::clone(&self.0), url.to_owned(), now).boxed().shared();
                    known.under_way.extend(fetching.downgrade().map(|weak| (url.to_owned(), weak)));
                    fetching
                }
            }
        };
        wait.await
    }
}

impl Known {
    fn look(&mut self, url: &str, now: SystemTime) -> Option<Answer> {
        self.failed.retain(|(_, at, _)| at.elapsed() < REST);
        if let Some(at) = self.held.iter().position(|(held, _)| held == url) {
            let found = self.held.remove(at);
            let certificate = Arc::clone(&found.1);
            if certificate.valid_at(now).is_ok() {
                self.held.push(found);
                return Some(Ok(certificate));
            }
            // SNS may have put another in its place.
        }
        let failed = self.failed.iter().find(|(failed, ..)| failed == url)?;
        Some(Err(failed.2.clone()))
    }

    fn join(&mut self, url: &str) -> Option<Shared<BoxFuture<'static, Answer>>> {
        self.under_way.retain(|(_, weak)| weak.upgrade().is_some());
        self.under_way.iter().find(|(under_way, _)| under_way == url).and_then(|(_, weak)| weak.upgrade())
    }

    fn learn(&mut self, url: String, answer: &Answer) {
        self.under_way.retain(|(under_way, _)| *under_way != url);
        match answer {
            Ok(certificate) => {
                self.held.push((url, Arc::clone(certificate)));
                if self.held.len() > MOST {
                    self.held.remove(0);
                }
            }
            Err(problem) => {
                self.failed.push((url, Instant::now(), problem.clone()));
                if self.failed.len() > MOST_FAILED {
                    self.failed.remove(0);
                }
            }
        }
    }
}

async fn fetch(cache: Arc<Inner>, url: String, now: SystemTime) -> Answer {
    let unavailable = |why: String| Problem::Unavailable(why);
    let pem = timeout(PATIENCE, async {
        let _slot = cache.slots.acquire().await;
        cache.fetch.fetch(&url).await
    });
    let answer = match pem.await {
        Err(_) => Err(unavailable(format!("it did not come within {} s", PATIENCE.as_secs()))),
        Ok(Err(error)) => Err(unavailable(error.to_string())),
        Ok(Ok(pem)) if pem.len() > LARGEST => {
            Err(unavailable(format!("what came is larger than {LARGEST} bytes, and so is no certificate")))
        }
        Ok(Ok(pem)) => Certificate::read(&pem)
            .and_then(|certificate| certificate.valid_at(now).map(|()| Arc::new(certificate)).map_err(str::to_owned))
            .map_err(Problem::Unfit),
    };
    if let Err(problem) = &answer {
        tracing::warn!(url, ?problem, "no certificate of SNS to verify with");
    }
    cache.known.lock().unwrap_or_else(PoisonError::into_inner).learn(url, &answer);
    answer
}
