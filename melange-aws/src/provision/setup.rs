//! What there should be, for documents: from the same list that everything is made by. It calls nothing.

use std::time::Duration;

use melange::Transport as _;
use melange::transport::{Setup, Topology};

use super::model::{ACCOUNT, REGION};
use super::wanted::{Role, Wanted};
use crate::{Aws, AwsQueue};

/// How `transport` sets up `topology`.
pub(crate) fn setup(transport: &AwsQueue, topology: &Topology) -> Setup {
    let aws = transport.aws();
    let mut setup = names_only(aws, Setup::of(topology, |queue| transport.dead_letter_queue(queue)));
    let mut names = aws.names().clone();
    names.region.get_or_insert_with(|| REGION.to_owned());
    // ARNs are all that could not be made, and there are none in documents.
    let account = aws.account.known().unwrap_or(ACCOUNT);
    let Ok(wanted) = Wanted::at(transport, topology, &names, account) else { return setup };
    let mut feeds = wanted.feeds.iter();
    for (plan, queue) in topology.queues.iter().zip(&wanted.queues) {
        let Some(known) = setup.queues.get_mut(&plan.name) else { continue };
        if let Role::Consumed(consumed) = &queue.role {
            known.visibility = Duration::from_secs(consumed.visibility);
            known.max_receives = consumed.max_receives;
            known.retention = consumed.retention.map(Duration::from_secs);
        }
        known.by_group = queue.by_group;
        for (filter, feed) in plan.topics.iter().zip(feeds.by_ref()) {
            if let Some(known) = known.feeds.get_mut(&filter.topic) {
                known.raw = feed.raw;
                known.event_types.clone_from(&feed.names);
                known.keeps_undelivered = feed.dlq_arn.is_some();
            }
        }
    }
    setup
}

/// `setup` under the names of the account.
pub(crate) fn names_only(aws: &Aws, mut setup: Setup) -> Setup {
    let names = aws.names();
    setup.prefix.clone_from(&names.prefix);
    setup.elsewhere = names.elsewhere.keys().map(|topic| (topic.clone(), names.topic(topic))).collect();
    setup
}
