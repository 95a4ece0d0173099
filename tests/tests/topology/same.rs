//! What is written in each language is, attribute for attribute, what `Provision::Create` would make; and where it was made,
//! `Provision::Verify` has nothing to say.

use melange::transport::Topology;
use melange::{Registry, Transport as _, subscribers};
use melange_aws::signature::SnsSignatures;
use melange_aws::{AwsQueue, AwsTopology, Provision};

use crate::program::{ACCOUNT, REGION, aws, follow_parcel, note_placed, registry, send_invoice, with_all};
use crate::resources::Resources;
use crate::{cloudformation, terraform};

fn arn(service: &str, name: &str) -> String {
    format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{name}")
}

type Language = (&'static str, fn(&AwsTopology) -> Resources);

const LANGUAGES: [Language; 2] = [
    ("Terraform", |topology| terraform::read(&topology.terraform())),
    ("CloudFormation", |topology| cloudformation::read(&topology.cloudformation())),
];

/// For a program with this registry.
async fn holds(registry: fn() -> Registry, asked: impl Fn(AwsQueue) -> AwsQueue) {
    for (language, read) in LANGUAGES {
        let (aws, config, _) = aws().await;
        let queue = asked(aws.queue("billing"));
        let topology = queue.topology_of(&registry()).expect("it can be had");
        let written = read(&topology);
        let plan = topology.plan().await.expect("it can be looked at");
        assert_eq!(written, Resources::of_plan(&plan, arn), "{language}");
        // The policies beside it change nothing about it.
        assert_eq!(written, read(&topology.clone().with_iam()), "{language}");

        written.make(&config).await;
        let events: Vec<_> = registry().events().collect();
        let subscribers: Vec<_> = registry().subscribers().cloned().collect();
        let needed = Topology::of("billing", queue.capabilities().visibility, &events, &subscribers);
        let verified = queue.clone().provision(Provision::Verify).prepare(&needed).await;
        assert!(verified.is_ok(), "{language}: {}", verified.unwrap_err());
        let plan = topology.plan().await.expect("it can be looked at");
        assert_eq!((plan.exit_code(), plan.left_alone().count()), (0, 0), "{language}: {plan}");
    }
}

#[tokio::test]
async fn as_it_comes() {
    holds(registry, |queue| queue).await;
}

#[tokio::test]
async fn with_all_that_can_be_asked_for() {
    holds(registry, with_all).await;
}

#[tokio::test]
async fn without_filters() {
    holds(registry, |queue| queue.unfiltered().tag("team", "billing")).await;
}

#[tokio::test]
async fn with_signatures() {
    // FIFO topics sign nothing.
    let registry = || Registry::of(subscribers![send_invoice, note_placed]);
    holds(registry, |queue| queue.verify_signatures(SnsSignatures::new())).await;
}

#[tokio::test]
async fn of_one_fifo_queue() {
    holds(|| Registry::of(subscribers![follow_parcel]), AwsQueue::keep_undelivered).await;
}
