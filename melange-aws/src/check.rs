//! Names that SNS or SQS would refuse, found before any call is made.

use melange::transport::Topology;
use melange::{Problem, ProblemKind};

use crate::names::{Names, base, dead_letter_queue, is_fifo};

/// Longest name of a topic. Source: the SNS API reference, `CreateTopic`.
const TOPIC_NAME: usize = 256;
/// Longest name of a queue. Source: the SQS API reference, `CreateQueue`.
const QUEUE_NAME: usize = 80;

/// Every name in `topology` that would be refused.
pub(crate) fn check(names: &Names, topology: &Topology) -> Result<(), Vec<Problem>> {
    let found = findings(names, topology);
    if found.is_empty() { Ok(()) } else { Err(found.into_iter().map(Finding::problem).collect()) }
}

/// What is wrong with a name.
pub(crate) struct Finding {
    pub(crate) about: About,
    pub(crate) kind: FindingKind,
    what: String,
    fix: String,
}

impl Finding {
    pub(crate) fn problem(self) -> Problem {
        let kind = match self.kind {
            FindingKind::Name | FindingKind::NoRoom => ProblemKind::IllegalName,
            FindingKind::Conflict => ProblemKind::QueueConflict,
            FindingKind::Fifo => ProblemKind::FifoMismatch,
        };
        Problem::new(kind, self.what, self.fix)
    }
}

const SHORTEN: &str = "shorten the name, or the prefix before it";

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
        let wrong = match names.elsewhere.get(topic) {
            Some(arn) => elsewhere(topic, arn).into_iter().collect(),
            None => name("topic", topic, &names.topic(topic), TOPIC_NAME),
        };
        let finding = |Wrong { what, fix }| {
            let about = About::Topic(topic.clone());
            Finding { about, kind: FindingKind::Name, what, fix }
        };
        found.extend(wrong.into_iter().map(finding));
    }
    for queue in &topology.queues {
        let full = names.queue(&queue.name);
        let finding = |kind, Wrong { what, fix }| Finding { about: About::Queue(queue.name.clone()), kind, what, fix };
        let wrong = name("queue", &queue.name, &full, QUEUE_NAME);
        let is_legal = wrong.is_empty();
        found.extend(wrong.into_iter().map(|wrong| finding(FindingKind::Name, wrong)));
        let dlq = dead_letter_queue(&full);
        if is_legal && dlq.len() > QUEUE_NAME {
            let what = format!(
                "queue {full:?} leaves no room for its dead-letter queue {dlq:?}, whose name has {} characters where SQS allows {QUEUE_NAME}",
                dlq.len()
            );
            found.push(finding(FindingKind::NoRoom, Wrong::new(what, SHORTEN)));
        }
        // What is given up would be consumed at once.
        if let Some(other) = topology.queues.iter().find(|other| names.queue(&other.name) == dlq) {
            let what = format!(
                "queue {dlq:?} is the dead-letter queue of queue {full:?}, and subscribers are to consume from it"
            );
            let fix = "give these subscribers a queue of another name".to_owned();
            found.push(Finding { about: About::Queue(other.name.clone()), kind: FindingKind::Conflict, what, fix });
        }
        if is_fifo(&full) {
            for filter in queue.topics.iter().filter(|filter| !is_fifo(&names.topic(&filter.topic))) {
                let topic = &filter.topic;
                let what = format!(
                    "queue {full:?} is FIFO and topic {topic:?} is not, and SNS feeds FIFO queues from FIFO topics only"
                );
                let fix = format!("name the topic `{topic}.fifo`, or take `.fifo` off the queue");
                found.push(finding(FindingKind::Fifo, Wrong::new(what, fix)));
            }
        }
    }
    found
}

/// Whether a message can be published to `topic`, which may be an instance's own.
pub(crate) fn topic(names: &Names, topic: &str) -> Result<(), String> {
    if names.is_elsewhere(topic) {
        return Ok(());
    }
    refusal(name("topic", topic, &names.topic(topic), TOPIC_NAME))
}

/// Whether a message can be sent to `queue`.
pub(crate) fn queue(names: &Names, queue: &str) -> Result<(), String> {
    refusal(name("queue", queue, &names.queue(queue), QUEUE_NAME))
}

fn refusal(mut wrong: Vec<Wrong>) -> Result<(), String> {
    wrong.pop().map_or(Ok(()), |wrong| Err(wrong.what))
}

/// What is wrong, and what would mend it.
struct Wrong {
    what: String,
    fix: String,
}

impl Wrong {
    fn new(what: String, fix: impl Into<String>) -> Self {
        Self { what, fix: fix.into() }
    }
}

fn name(what: &str, short: &str, full: &str, longest: usize) -> Vec<Wrong> {
    if short.is_empty() {
        return vec![Wrong::new(format!("a {what} has an empty name"), "give it a name")];
    }
    let mut wrong = Vec::new();
    if full.len() > longest {
        let length = full.len();
        let what =
            format!("{what} {full:?} has a name of {length} characters, prefix included, where AWS allows {longest}");
        wrong.push(Wrong::new(what, SHORTEN));
    }
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if base(full).is_empty() || !base(full).chars().all(legal) {
        let what = format!(
            "{what} {full:?} has characters in its name that AWS refuses; letters, digits, `-` and `_` are allowed, and `.fifo` at the end"
        );
        wrong.push(Wrong::new(what, "change the name, or the prefix before it"));
    }
    wrong
}

fn elsewhere(topic: &str, arn: &str) -> Option<Wrong> {
    let parts: Vec<&str> = arn.split(':').collect();
    let is_topic = matches!(parts.as_slice(), ["arn", partition, "sns", region, account, name]
        if ![partition, region, account, name].iter().any(|part| part.is_empty()));
    (!is_topic).then(|| {
        let what = format!("topic {topic:?} was given the ARN {arn:?}, which is not a topic's");
        Wrong::new(what, format!("give one such as `arn:aws:sns:eu-west-1:123456789012:{topic}`"))
    })
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
        assert!(problems[0].what().contains("260"), "{problems:?}");
        let names = Names { prefix: "staging/".to_owned(), ..Names::default() };
        assert!(check(&names, &topics(&["orders"])).is_err());
    }

    #[test]
    fn an_arn_that_is_none_is_refused() {
        let mut names = Names::default();
        names.elsewhere.insert("orders".to_owned(), "arn:aws:sqs:eu-west-1:1:orders".to_owned());
        assert!(check(&names, &topics(&["orders"])).unwrap_err()[0].what().contains("not a topic's"));
        names.elsewhere.insert("orders".to_owned(), "arn:aws:sns:eu-west-1:1:orders".to_owned());
        check(&names, &topics(&["orders"])).unwrap();
    }
}
