//! Looking whether all is there, and saying everything that is not. Reads only.

use std::fmt::Write;

use melange::transport::{TransportError, TransportErrorKind};

use super::command::Commands;
use super::subscription::Looked;
use super::wanted::{Feed, Queue, Wanted};
use super::{queue, subscription, topic};
use crate::Aws;

/// What is not as it should be, and the command that mends it.
struct Finding {
    what: String,
    mend: String,
    missing: bool,
}

/// Looks, and fails with everything found.
pub(super) async fn verify(aws: &Aws, wanted: &Wanted) -> Result<(), TransportError> {
    let commands = Commands::at(aws);
    let mut findings = Vec::new();
    for wanted in &wanted.topics {
        if !topic::exists(aws, wanted).await? {
            let (what, mend) = if wanted.elsewhere {
                (
                    format!("topic {} does not exist, where its ARN says", wanted.arn),
                    "# ask its owner for the right ARN".to_owned(),
                )
            } else {
                (format!("topic {} does not exist", wanted.name), topic::command(&commands, wanted))
            };
            findings.push(Finding { what, mend, missing: true });
        }
    }
    for wanted in &wanted.queues {
        look_at_queue(aws, &commands, wanted, &mut findings).await?;
        for feed in &wanted.feeds {
            look_at_feed(aws, &commands, wanted, feed, &mut findings).await?;
        }
    }
    if findings.is_empty() { Ok(()) } else { Err(report(&findings)) }
}

async fn look_at_queue(
    aws: &Aws,
    commands: &Commands,
    wanted: &Queue,
    findings: &mut Vec<Finding>,
) -> Result<(), TransportError> {
    if queue::find(aws, &wanted.dlq).await?.is_none() {
        let mend = queue::create_command(commands, &wanted.dlq, &queue::dlq_settings(&wanted.dlq));
        findings.push(Finding {
            what: format!("dead-letter queue {} does not exist", wanted.dlq),
            mend,
            missing: true,
        });
    }
    match queue::find(aws, &wanted.name).await? {
        None => {
            let mend = queue::create_command(commands, &wanted.name, &queue::settings(wanted)?);
            findings.push(Finding { what: format!("queue {} does not exist", wanted.name), mend, missing: true });
        }
        Some(found) => findings.extend(found.changes(wanted)?.iter().map(|change| Finding {
            what: format!("queue {}: {}", wanted.name, change.why),
            mend: queue::set_command(commands, &found.url, change),
            missing: false,
        })),
    }
    Ok(())
}

async fn look_at_feed(
    aws: &Aws,
    commands: &Commands,
    wanted: &Queue,
    feed: &Feed,
    findings: &mut Vec<Finding>,
) -> Result<(), TransportError> {
    let subject = format!("queue {}", wanted.name);
    let subscribe = || subscription::subscribe_command(commands, feed, &wanted.arn);
    match subscription::find(aws, feed, &wanted.arn).await? {
        Looked::None => findings.push(Finding {
            what: format!("{subject} is not subscribed to topic {}", feed.topic),
            mend: subscribe(),
            missing: true,
        }),
        Looked::Pending => findings.push(Finding {
            what: format!("{subject} is subscribed to topic {}, and nobody has confirmed it", feed.topic),
            mend: format!("{}   # from the account of the queue", subscribe()),
            missing: true,
        }),
        Looked::Found(found) => findings.extend(found.changes(feed).iter().map(|change| Finding {
            what: format!("the subscription of {subject} to topic {} {}", feed.topic, change.why),
            mend: subscription::set_command(commands, &found.arn, change),
            missing: false,
        })),
        Looked::NotAllowed => {
            tracing::warn!(queue = wanted.name, topic = feed.topic_arn, "not allowed to look for the subscription");
        }
    }
    Ok(())
}

fn report(findings: &[Finding]) -> TransportError {
    let mut what = format!(
        "{} on AWS {} not as the subscribers need; start once with `Provision::Create`, or run:",
        match findings.len() {
            1 => "one thing".to_owned(),
            many => format!("{many} things"),
        },
        if findings.len() == 1 { "is" } else { "are" }
    );
    for Finding { what: finding, mend, .. } in findings {
        // Writing to a String cannot fail.
        let _ = write!(what, "\n  - {finding}\n      {mend}");
    }
    let missing = findings.iter().all(|finding| finding.missing);
    TransportError::new(if missing { TransportErrorKind::NotFound } else { TransportErrorKind::Drifted }, what)
}
