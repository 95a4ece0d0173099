//! Names that SNS or SQS would refuse, found before any call is made.

use melange::transport::Topology;

use crate::names::{Names, base, dead_letter_queue, is_fifo};

/// Longest name of a topic. Source: the SNS API reference, `CreateTopic`.
const TOPIC_NAME: usize = 256;
/// Longest name of a queue. Source: the SQS API reference, `CreateQueue`.
const QUEUE_NAME: usize = 80;

/// Every name in `topology` that would be refused, each in one sentence.
pub(crate) fn check(names: &Names, topology: &Topology) -> Result<(), Vec<String>> {
    let found = findings(names, topology);
    if found.is_empty() { Ok(()) } else { Err(found.into_iter().map(|finding| finding.what).collect()) }
}

/// What is wrong with a name.
pub(crate) struct Finding {
    pub(crate) about: About,
    pub(crate) kind: FindingKind,
    pub(crate) what: String,
}

/// Whose name it is, as the annotations have it.
pub(crate) enum About {
    Topic(String),
    Queue(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FindingKind {
    /// Too long, or of characters that are not allowed.
    Name,
    /// The dead-letter queue has no name that it could have.
    NoRoom,
    /// A dead-letter queue that is to be consumed from.
    Conflict,
    /// A FIFO queue at a topic that is not.
    Fifo,
}

/// Every name in `topology` that would be refused.
pub(crate) fn findings(names: &Names, topology: &Topology) -> Vec<Finding> {
    let mut found = Vec::new();
    let listened = topology.queues.iter().flat_map(|queue| &queue.topics).map(|filter| &filter.topic);
    let mut topics: Vec<&String> = topology.topics.iter().chain(listened).collect();
    topics.sort();
    topics.dedup();
    for topic in topics {
        let mut problems = Vec::new();
        match names.elsewhere.get(topic) {
            Some(arn) => elsewhere(topic, arn, &mut problems),
            None => name("topic", topic, &names.topic(topic), TOPIC_NAME, &mut problems),
        }
        let finding = |what| Finding { about: About::Topic(topic.clone()), kind: FindingKind::Name, what };
        found.extend(problems.into_iter().map(finding));
    }
    for queue in &topology.queues {
        let full = names.queue(&queue.name);
        let finding = |kind, what| Finding { about: About::Queue(queue.name.clone()), kind, what };
        let mut problems = Vec::new();
        name("queue", &queue.name, &full, QUEUE_NAME, &mut problems);
        let is_legal = problems.is_empty();
        found.extend(problems.into_iter().map(|what| finding(FindingKind::Name, what)));
        let dlq = dead_letter_queue(&full);
        if is_legal && dlq.len() > QUEUE_NAME {
            let what = format!(
                "queue {full:?} leaves no room for its dead-letter queue {dlq:?}, whose name has {} characters where SQS allows {QUEUE_NAME}",
                dlq.len()
            );
            found.push(finding(FindingKind::NoRoom, what));
        }
        // What is given up would be consumed at once.
        if let Some(other) = topology.queues.iter().find(|other| names.queue(&other.name) == dlq) {
            let what = format!(
                "queue {dlq:?} is the dead-letter queue of queue {full:?}, and subscribers are to consume from it; \
                 give them a queue of another name"
            );
            found.push(Finding { about: About::Queue(other.name.clone()), kind: FindingKind::Conflict, what });
        }
        if is_fifo(&full) {
            for filter in queue.topics.iter().filter(|filter| !is_fifo(&names.topic(&filter.topic))) {
                let what = format!(
                    "queue {full:?} is FIFO and topic {:?} is not, and SNS feeds FIFO queues from FIFO topics only; \
                     name the topic `{}.fifo`, or take `.fifo` off the queue",
                    filter.topic, filter.topic
                );
                found.push(finding(FindingKind::Fifo, what));
            }
        }
    }
    found
}

/// Whether a message can be published to `topic`, which may be an instance's own.
pub(crate) fn topic(names: &Names, topic: &str) -> Result<(), String> {
    let mut problems = Vec::new();
    if !names.is_elsewhere(topic) {
        name("topic", topic, &names.topic(topic), TOPIC_NAME, &mut problems);
    }
    problems.pop().map_or(Ok(()), Err)
}

/// Whether a message can be sent to `queue`.
pub(crate) fn queue(names: &Names, queue: &str) -> Result<(), String> {
    let mut problems = Vec::new();
    name("queue", queue, &names.queue(queue), QUEUE_NAME, &mut problems);
    problems.pop().map_or(Ok(()), Err)
}

fn name(what: &str, short: &str, full: &str, longest: usize, problems: &mut Vec<String>) {
    if short.is_empty() {
        problems.push(format!("a {what} has an empty name"));
        return;
    }
    if full.len() > longest {
        problems.push(format!(
            "{what} {full:?} has a name of {} characters, prefix included, where AWS allows {longest}",
            full.len()
        ));
    }
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if base(full).is_empty() || !base(full).chars().all(legal) {
        problems.push(format!(
            "{what} {full:?} has characters in its name that AWS refuses; letters, digits, `-` and `_` are allowed, and `.fifo` at the end"
        ));
    }
}

fn elsewhere(topic: &str, arn: &str, problems: &mut Vec<String>) {
    let parts: Vec<&str> = arn.split(':').collect();
    let is_topic = matches!(parts.as_slice(), ["arn", partition, "sns", region, account, name]
        if ![partition, region, account, name].iter().any(|part| part.is_empty()));
    if !is_topic {
        problems.push(format!(
            "topic {topic:?} was given the ARN {arn:?}, which is not a topic's; \
             it should look like `arn:aws:sns:eu-west-1:123456789012:{topic}`"
        ));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn topics(names: &[&str]) -> Topology {
        let mut topology = Topology::default();
        topology.topics = names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        topology
    }

    #[test]
    fn legal_names_pass() {
        check(&Names::default(), &topics(&["orders", "orders-v2_x", "orders.fifo"])).unwrap();
    }

    #[test]
    fn every_refused_name_is_listed() {
        let long = "x".repeat(257);
        let problems = check(&Names::default(), &topics(&["a b", "a.b", ".fifo", "", &long])).unwrap_err();
        assert_eq!(problems.len(), 5, "{problems:?}");
    }

    #[test]
    fn the_prefix_counts() {
        let names = Names { prefix: "p".repeat(10), ..Names::default() };
        let problems = check(&names, &topics(&[&"x".repeat(250)])).unwrap_err();
        assert!(problems[0].contains("260"), "{problems:?}");
        let names = Names { prefix: "staging/".to_owned(), ..Names::default() };
        assert!(check(&names, &topics(&["orders"])).is_err());
    }

    #[test]
    fn an_arn_that_is_none_is_refused() {
        let mut names = Names::default();
        names.elsewhere.insert("orders".to_owned(), "arn:aws:sqs:eu-west-1:1:orders".to_owned());
        assert!(check(&names, &topics(&["orders"])).unwrap_err()[0].contains("not a topic's"));
        names.elsewhere.insert("orders".to_owned(), "arn:aws:sns:eu-west-1:1:orders".to_owned());
        check(&names, &topics(&["orders"])).unwrap();
    }
}
