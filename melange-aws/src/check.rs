//! Names that SNS or SQS would refuse, found before any call is made.

use melange::transport::Topology;

use crate::names::{Names, base, dead_letter_queue, is_fifo};

/// Longest name of a topic. Source: the SNS API reference, `CreateTopic`.
const TOPIC_NAME: usize = 256;
/// Longest name of a queue. Source: the SQS API reference, `CreateQueue`.
const QUEUE_NAME: usize = 80;

/// Every name in `topology` that would be refused, each in one sentence.
pub(crate) fn check(names: &Names, topology: &Topology) -> Result<(), Vec<String>> {
    let mut problems = Vec::new();
    let listened = topology.queues.iter().flat_map(|queue| &queue.topics).map(|filter| &filter.topic);
    let mut topics: Vec<&String> = topology.topics.iter().chain(listened).collect();
    topics.sort();
    topics.dedup();
    for topic in topics {
        match names.elsewhere.get(topic) {
            Some(arn) => elsewhere(topic, arn, &mut problems),
            None => name("topic", topic, &names.topic(topic), TOPIC_NAME, &mut problems),
        }
    }
    for queue in &topology.queues {
        let full = names.queue(&queue.name);
        let before = problems.len();
        name("queue", &queue.name, &full, QUEUE_NAME, &mut problems);
        let dlq = dead_letter_queue(&full);
        if problems.len() == before && dlq.len() > QUEUE_NAME {
            problems.push(format!(
                "queue {full:?} leaves no room for its dead-letter queue {dlq:?}, whose name has {} characters where SQS allows {QUEUE_NAME}",
                dlq.len()
            ));
        }
        // What is given up would be consumed at once.
        if topology.queues.iter().any(|other| names.queue(&other.name) == dlq) {
            problems.push(format!(
                "queue {dlq:?} is the dead-letter queue of queue {full:?}, and subscribers are to consume from it; \
                 give them a queue of another name"
            ));
        }
        if is_fifo(&full) {
            for filter in queue.topics.iter().filter(|filter| !is_fifo(&names.topic(&filter.topic))) {
                problems.push(format!(
                    "queue {full:?} is FIFO and topic {:?} is not, and SNS feeds FIFO queues from FIFO topics only; \
                     name the topic `{}.fifo`, or take `.fifo` off the queue",
                    filter.topic, filter.topic
                ));
            }
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
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
