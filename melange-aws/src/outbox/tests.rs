mod failures;
mod fake;
mod runtimes;
mod windows;

use std::time::Duration;

use futures_util::future::join_all;
use melange::Attributes;

use super::*;
use fake::Fake;

const MS: Duration = Duration::from_millis(1);

fn parcel(body: impl ToString) -> Parcel {
    Parcel::new(body.to_string().into(), Attributes::new())
}

fn grouped(body: impl ToString, group: &str) -> Parcel {
    let mut parcel = parcel(body.to_string());
    parcel.group = Some(group.to_owned());
    parcel.dedup_id = Some(body.to_string());
    parcel
}

fn rules(outbox: &Outbox) -> Rules {
    Rules { linger: outbox.pace.linger, bytes: 1_000, patience: Duration::from_secs(30) }
}

async fn post_all(outbox: &Outbox, fake: &Fake, parcels: Vec<Parcel>) -> Vec<Answer> {
    let address = Address::Topic("arn".into());
    outbox.post(&address, &rules(outbox), || fake.clone(), parcels).await
}

async fn post(outbox: &Outbox, fake: &Fake, body: impl ToString) -> Answer {
    post_all(outbox, fake, vec![parcel(body)]).await.remove(0)
}

/// Posts that many at the same time, each in a call of its own.
async fn crowd(outbox: &Outbox, fake: &Fake, count: usize) {
    let answers = join_all((0..count).map(|n| post(outbox, fake, n))).await;
    assert!(answers.len() == count && answers.iter().all(Result::is_ok));
}
