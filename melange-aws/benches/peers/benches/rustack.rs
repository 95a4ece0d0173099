//! Melange beside the raw loop on rustack, a server of another make, in a thread of its own: consumed from a queue, and
//! sent straight to one, since its SNS takes no raw delivery with attributes. Standard queues only.

#[path = "../../support/mod.rs"]
mod support;

#[path = "../rustack_server.rs"]
mod rustack_server;

use std::collections::HashMap;

use aws_sdk_sqs::types::{MessageAttributeValue, SendMessageBatchRequestEntry};
use melange::{Event as _, EventId, MessagePublisher, Timestamp};
use melange_aws::Aws;
use support::events::{Order, Sample, bodies};
use support::rates::{Rate, Side, consume, finish, fresh};
use support::report::{Measured, figure};
use support::server::Server;
use support::{Result, cpu, marks, raw, setting};
use tokio::task::JoinSet;

#[tokio::main(flavor = "multi_thread")]
async fn main() -> Result<()> {
    let rounds = setting("MELANGE_BENCH_ROUNDS", 9);
    let count = setting("MELANGE_BENCH_MESSAGES", 10_000) as u64;
    let server = rustack_server::start()?;
    println!("on rustack: {rounds} rounds, {count} messages of 512 B or {} of 10 KiB in each", count / 4);
    println!("{:<34}{:>14}{:>14}{:>16}{:>16}", "", "raw/s", "melange/s", "melange/raw", "CPU/raw");
    let (mut consumed, mut sent) = (f64::INFINITY, f64::INFINITY);
    for (bytes, count) in [(512, count), (10 * 1024, count / 4)] {
        let bodies = bodies::<Order>(count, bytes)?;
        let sample = Order::sized(bytes)?;
        let mut consuming = Sides::default();
        let mut sending = Sides::default();
        for round in 0..rounds {
            let sides = if round % 2 == 0 { [Side::Raw, Side::Melange] } else { [Side::Melange, Side::Raw] };
            for side in sides {
                consuming.add(side, consume::<Order>(&server, side, &bodies).await?);
                sending.add(side, send(&server, side, &sample, count).await?);
            }
        }
        consumed = consumed.min(consuming.print(&format!("consumed, {bytes} B, standard")));
        sent = sent.min(sending.print(&format!("sent to a queue, {bytes} B")));
    }
    figure("consumed_vs_raw_on_rustack", consumed);
    figure("sent_vs_raw_on_rustack", sent);
    Ok(())
}

#[derive(Default)]
struct Sides {
    raw: (Measured, Measured),
    melange: (Measured, Measured),
}

impl Sides {
    fn add(&mut self, side: Side, measured: Rate) {
        let (rate, cpu) = if side == Side::Raw { &mut self.raw } else { &mut self.melange };
        rate.add(measured.rate);
        cpu.add(measured.cpu);
    }

    fn print(&self, what: &str) -> f64 {
        let (raw, melange) = (&self.raw, &self.melange);
        let (ratio, cpu) = (melange.0.over(&raw.0), melange.1.over(&raw.1));
        println!(
            "{what:<34}{:>14}{:>14}{:>16}{:>16}",
            raw.0.to_string(),
            melange.0.to_string(),
            ratio.to_string(),
            cpu.to_string()
        );
        ratio.median()
    }
}

/// Sends so many events to a queue.
async fn send(server: &Server, side: Side, sample: &Order, count: u64) -> Result<Rate> {
    let name = fresh::<Order>();
    let url = server.queue(&name).await?;
    marks::begin(count);
    let before = cpu::used();
    let mut lines: JoinSet<Result<()>> = JoinSet::new();
    if side == Side::Raw {
        for line in 0..raw::PUBLISHES as u64 {
            let (sqs, url, sample) = (server.sqs.clone(), url.clone(), sample.clone());
            lines.spawn(async move {
                let numbers: Vec<u64> = (line..count).step_by(raw::PUBLISHES).collect();
                for batch in numbers.chunks(10) {
                    send_batch(&sqs, &url, &sample, batch).await?;
                    batch.iter().for_each(|_| marks::handled());
                }
                Ok(())
            });
        }
    } else {
        let callers = support::melange_side::CALLERS;
        let publisher = MessagePublisher::new(Aws::from_config(&server.config));
        for caller in 0..callers as u64 {
            let (publisher, name, sample) = (publisher.clone(), name.clone(), sample.clone());
            lines.spawn(async move {
                for number in (caller..count).step_by(callers) {
                    publisher.send_to(name.as_str(), sample.numbered(number)).await?;
                    marks::handled();
                }
                Ok(())
            });
        }
    }
    while let Some(line) = lines.join_next().await {
        line??;
    }
    let rate = finish(count, before);
    server.delete(&url).await?;
    rate
}

async fn send_batch(sqs: &aws_sdk_sqs::Client, url: &str, sample: &Order, numbers: &[u64]) -> Result<()> {
    let value = |kind: &str, value: &str| MessageAttributeValue::builder().data_type(kind).string_value(value).build();
    let mut request = sqs.send_message_batch().queue_url(url);
    for (at, number) in numbers.iter().enumerate() {
        let event = sample.numbered(*number);
        let body = raw::body(&event, &EventId::new().to_string(), Timestamp::now())?;
        let beside = HashMap::from([
            ("event_type".to_owned(), value("String", Order::DESCRIPTOR.name())?),
            ("manifest".to_owned(), value("String", Order::DESCRIPTOR.name())?),
            ("serializer_id".to_owned(), value("Number", "1")?),
        ]);
        let entry = SendMessageBatchRequestEntry::builder().id(at.to_string()).message_body(body);
        request = request.entries(entry.set_message_attributes(Some(beside)).build()?);
    }
    let answer = request.send().await?;
    if answer.failed().is_empty() { Ok(()) } else { Err("the queue did not take all".into()) }
}
