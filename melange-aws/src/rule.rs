//! The limits of SNS and SQS as checks for a test: no call is made, and no account is needed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use melange::transport::QueuePlan;
use melange::{Checks, Location, Problem, ProblemKind, RetryPolicy, SubscriberDescriptor};

use crate::check::{About, FindingKind, findings};
use crate::names::{Names, base};
use crate::provision::{MOST_NAMES, policy_for};

/// Longest visibility, from the receive on, and so the longest wait and the longest run. Source: the SQS developer
/// guide, visibility timeout.
const LONGEST_VISIBILITY: Duration = Duration::from_secs(43_200);
/// Longest that a queue keeps a message. Source: the SQS API reference, `SetQueueAttributes`, `MessageRetentionPeriod`.
const LONGEST_RETENTION: Duration = Duration::from_secs(1_209_600);
/// Most receives before the dead-letter queue. Source: the SQS API reference, `RedrivePolicy`, `maxReceiveCount`.
const MOST_RECEIVES: u32 = 1_000;
/// The longest name of a region, so that what fits fits everywhere.
const REGION: &str = "ap-southeast-1";
const ACCOUNT: &str = "123456789012";

/// The checks of everything linked, with the limits of AWS: `melange_aws::checks().queue("billing").run()?`.
pub fn checks() -> Checks {
    Checks::linked().rule(aws_limits)
}

/// The limits of SNS and SQS, as a rule for [`Checks`]:
///
/// - names of topics, queues and dead-letter queues, with the prefix, and dead-letter queues that are also consumed
///   from;
/// - the policy that lets topics send to a queue: 8,192 bytes, 20 statements;
/// - filter policies: no more than 149 event names of one topic in one queue (150 with the one for messages without a
///   name);
/// - retries that do not fit: more receives than a redrive policy grants, waits beyond 12 hours, and more time in all
///   than a queue keeps a message;
/// - handlers that may take 12 hours, which is more than a visibility timeout can be extended to.
///
/// Topics in other accounts, which are given to [`Aws`](crate::Aws) at run time, are treated as topics of this one.
#[must_use]
pub fn aws_limits(checks: &Checks) -> Vec<Problem> {
    limits(checks, &BTreeMap::new())
}

/// The same, where the ARNs of topics `elsewhere` are known, by the names the annotations use.
pub(crate) fn limits(checks: &Checks, elsewhere: &BTreeMap<String, String>) -> Vec<Problem> {
    let of_prefix = Names {
        prefix: checks.name_prefix().to_owned(),
        region: Some(REGION.to_owned()),
        elsewhere: elsewhere.clone(),
    };
    let mut problems = names(checks, &of_prefix);
    for plan in &checks.topology().queues {
        problems.extend(queue(checks, &of_prefix, plan));
    }
    for subscriber in checks.subscribers() {
        problems.extend(times(subscriber, checks.own_queue()));
    }
    problems
}

fn names(checks: &Checks, names: &Names) -> Vec<Problem> {
    let found = findings(names, &checks.topology()).into_iter().filter_map(|finding| {
        let (at, short, longest) = match &finding.about {
            About::Topic(topic) => (event_place(checks, topic), topic, 256),
            // The bus's own, of which nothing was said.
            About::Queue(queue) if queue.is_empty() => return None,
            About::Queue(queue) => (queue_place(checks, queue), queue, 80),
        };
        // Of what is wrong without a prefix, and of FIFO, the core has said so: but of a queue only to those that name
        // it.
        let is_named = match &finding.about {
            About::Topic(_) => true,
            About::Queue(queue) => checks.subscribers().any(|subscriber| subscriber.queue() == Some(queue)),
        };
        let is_said = match finding.kind {
            FindingKind::Name => is_named && !is_legal(short, longest),
            FindingKind::Fifo => true,
            FindingKind::NoRoom | FindingKind::Conflict => false,
        };
        if is_said {
            return None;
        }
        let problem = finding.problem();
        Some(match at {
            Some(at) => problem.at(at),
            None => problem,
        })
    });
    found.collect()
}

fn is_legal(name: &str, longest: usize) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !base(name).is_empty() && name.len() <= longest && base(name).bytes().all(legal)
}

fn event_place(checks: &Checks, topic: &str) -> Option<Location> {
    checks.events().find(|event| event.topic() == Some(topic)).map(|event| event.location())
}

fn queue_place(checks: &Checks, queue: &str) -> Option<Location> {
    consumers(checks, queue).next().map(SubscriberDescriptor::location)
}

fn consumers<'a>(checks: &'a Checks, queue: &'a str) -> impl Iterator<Item = &'a SubscriberDescriptor> {
    checks
        .subscribers()
        .filter(move |subscriber| subscriber.queue().or(checks.own_queue()).unwrap_or_default() == queue)
}

fn queue(checks: &Checks, names: &Names, plan: &QueuePlan) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut problem = |kind, what: String, fix: &str, at: Option<Location>| {
        let problem = Problem::new(kind, what, fix);
        problems.push(match at {
            Some(at) => problem.at(at),
            None => problem,
        });
    };
    let called =
        if plan.name.is_empty() { "the bus's own queue".to_owned() } else { format!("queue \"{}\"", plan.name) };
    let arns: BTreeSet<String> =
        plan.topics.iter().filter_map(|filter| names.topic_arn(&filter.topic, ACCOUNT).ok()).collect();
    if let Ok(arn) = names.queue_arn(&names.queue(&plan.name), ACCOUNT)
        && let Err(why) = policy_for(&arn, &arns)
    {
        problem(
            ProblemKind::IllegalPolicy,
            format!("{called} is fed by {} topics: {}", arns.len(), why.split(';').next().unwrap_or_default()),
            "publish events that belong together to one topic, or give some subscribers a queue of their own: \
             `#[subscriber(queue = \"...\")]`",
            queue_place(checks, &plan.name),
        );
    }
    for filter in plan.topics.iter().filter(|filter| filter.event_types.len() > MOST_NAMES) {
        let of_topic = |subscriber: &&SubscriberDescriptor| subscriber.event().topic() == Some(&filter.topic);
        problem(
            ProblemKind::TooManyNames,
            format!(
                "{called} is to take {} event names of the topic \"{}\", and a filter policy holds {MOST_NAMES} and one for messages \
                 without a name: without a filter, all events of the topic would come",
                filter.event_types.len(),
                filter.topic
            ),
            "give some of the subscribers a queue of their own: `#[subscriber(queue = \"...\")]`",
            consumers(checks, &plan.name).find(of_topic).map(SubscriberDescriptor::location),
        );
    }
    problems
}

/// What a subscriber's retries and timeout ask of its queue.
fn times(subscriber: &SubscriberDescriptor, own_queue: Option<&str>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut problem = |kind, what: String, fix: &str| {
        let what = format!("subscriber `{}` {what}", subscriber.name());
        problems.push(Problem::new(kind, what, fix).at(subscriber.location()));
    };
    let options = subscriber.options();
    let retry = options.retry;
    let is_fifo = subscriber.queue().or(own_queue).is_some_and(|queue| queue.ends_with(".fifo"));
    // As many of one group as a receive may bring go back unrun behind one that fails.
    let most = (MOST_RECEIVES - 5) / if is_fifo { 10 } else { 1 };
    if retry.attempts > most {
        problem(
            ProblemKind::RetryTooLong,
            format!(
                "wants {} attempts, and the redrive policy of its queue has room for {most}: SQS would move the message to the \
                 dead-letter queue before",
                retry.attempts
            ),
            "lower `attempts`; what may fail that often is better published again by hand",
        );
    }
    if retry.max > LONGEST_VISIBILITY || retry.min > LONGEST_VISIBILITY {
        problem(
            ProblemKind::RetryTooLong,
            format!(
                "may wait {:?} before a retry, and SQS keeps a message invisible for 12 hours at most",
                retry.max.max(retry.min)
            ),
            "shorten the `backoff`",
        );
    }
    let whole = longest_wait(retry);
    if whole > LONGEST_RETENTION {
        problem(
            ProblemKind::RetryTooLong,
            format!(
                "may retry for {} days, and a queue keeps a message for 14 at most: it would be gone without a dead letter",
                whole.as_secs() / 86_400
            ),
            "lower `attempts`, or shorten the `backoff`",
        );
    }
    if let Some(timeout) = options.timeout.filter(|timeout| *timeout >= LONGEST_VISIBILITY) {
        problem(
            ProblemKind::TimeoutTooLong,
            format!("may take {timeout:?}, and SQS keeps a message in hand for 12 hours at most, extensions included"),
            "shorten its `timeout`: the message would come again while it is still being handled",
        );
    }
    problems
}

/// The waits of all retries together, at their longest.
fn longest_wait(retry: RetryPolicy) -> Duration {
    let retries = retry.attempts.saturating_sub(1);
    let mut whole = Duration::ZERO;
    for attempt in 1..=retries.min(32) {
        let longest = retry.min.saturating_mul(2_u32.saturating_pow(attempt)).min(retry.max).max(retry.min);
        whole = whole.saturating_add(longest);
    }
    whole.saturating_add(retry.max.max(retry.min).saturating_mul(retries.saturating_sub(32)))
}

/// [`melange::assert_topology!`] with the limits of AWS: names with their prefix, policies, filters and times, as
/// [`aws_limits`] lists them. It makes no call and needs no account.
///
/// ```rust,standalone_crate
/// # #[derive(serde::Serialize, serde::Deserialize, melange::Event)]
/// # #[event(topic = "orders")]
/// # struct OrderPlaced { order_id: String }
/// # #[melange::subscriber(listens_to = OrderPlaced)]
/// # async fn receipt(_: &OrderPlaced) {}
/// melange_aws::assert_topology!(prefix = "staging-", queue = "billing");
/// ```
#[macro_export]
macro_rules! assert_topology {
    ($($options:tt)*) => {
        if let ::core::result::Result::Err(problems) = $crate::__melange::Checks::run(
            &$crate::__melange::__checks!($crate::checks(); $($options)*),
        ) {
            ::core::panic!("the topology has {problems}")
        }
    };
}
