//! Topics of other accounts and regions.

use aws_sdk_sns::config::{Credentials, Region};
use melange::Transport as _;
use melange::transport::TransportErrorKind;
use melange_aws::{Aws, Provision};

use crate::account::{Account, Process, create, listening, plan, set, verify};
use crate::wire::{Wire, writes};

/// Their topic, in their account.
struct Theirs {
    sns: aws_sdk_sns::Client,
    arn: String,
}

impl Theirs {
    async fn new(account: &Account, region: &'static str) -> Self {
        let credentials = Credentials::new("111111111111", "test", None, None, "test");
        let builder = aws_sdk_sns::config::Builder::from(&account.config);
        let builder = builder.region(Region::new(region)).credentials_provider(credentials);
        let sns = aws_sdk_sns::Client::from_conf(builder.build());
        let made = sns.create_topic().name(format!("{}their-orders", account.prefix)).send().await.unwrap();
        Self { sns, arn: made.topic_arn.unwrap() }
    }

    async fn subscriptions(&self) -> Vec<String> {
        let answer = self.sns.list_subscriptions_by_topic().topic_arn(&self.arn).send().await.unwrap();
        answer.subscriptions().iter().filter_map(|one| one.endpoint().map(str::to_owned)).collect()
    }
}

fn process(account: &Account, arn: &str) -> Process {
    let wire = Wire::new();
    let aws = Aws::from_config(&wire.over(&account.config)).prefix(&account.prefix).topic_arn("orders", arn);
    Process { aws, wire }
}

#[tokio::test]
async fn a_topic_elsewhere_is_subscribed_to_and_never_made() {
    let account = Account::new().await;
    let topology = listening(&[("orders", &["OrderPlaced"])]);
    for region in ["us-east-1", "eu-west-1"] {
        let theirs = Theirs::new(&account, region).await;
        let process = process(&account, &theirs.arn);
        let commands = plan(&process.billing(), &topology).await;
        let subscribe = commands.changes().last().unwrap().command().unwrap().to_owned();
        assert!(subscribe.starts_with(&format!("aws sns subscribe --region {region} ")), "{subscribe}");
        create(&process.billing().tag("team", "billing").high_throughput(), &topology).await;
        assert_eq!(theirs.subscriptions().await, [account.queue_arn("billing")]);
        assert!(account.senders("billing").await.contains(&theirs.arn));
        let said = process.wire.said();
        let forbidden = ["sns:CreateTopic", "sns:SetTopicAttributes", "sns:TagResource", "sns:ListTagsForResource"];
        assert!(said.iter().all(|said| !forbidden.contains(&said.action.as_str())));
        assert!(plan(&process.billing(), &topology).await.is_empty());
        create(&process.billing(), &topology).await;
    }
}

#[tokio::test]
async fn a_topic_elsewhere_that_is_not_there_is_for_its_owner() {
    let account = Account::new().await;
    let process = process(&account, &account.topic_arn("no-such-topic"));
    let topology = listening(&[("orders", &["OrderPlaced"])]);
    let said = verify(&process.billing(), &topology).await;
    assert!(said.contains("no-such-topic does not exist") && said.contains("ask its owner"), "{said}");
    let error = process.billing().prepare(&topology).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::NotFound);
    assert!(error.to_string().contains("nothing was made or changed"), "{error}");
    assert!(writes(&process.wire.said()).is_empty());
}

#[tokio::test]
async fn a_topic_that_may_not_be_looked_at_is_subscribed_to_all_the_same() {
    // The local server shows a subscription to the account of its topic only, AWS to its own: so it is this account's topic.
    let account = Account::new().await;
    account.sns.create_topic().name(format!("{}their-orders", account.prefix)).send().await.unwrap();
    let process = process(&account, &account.topic_arn("their-orders"));
    process.wire.deny("sns:GetTopicAttributes", "their-orders");
    process.wire.deny("sns:ListSubscriptionsByTopic", "their-orders");
    let queue = process.billing();
    // It was made a moment ago, and is not known everywhere yet.
    process.wire.refuse_next("sns:Subscribe", 404, "NotFound");
    for names in [&["OrderPlaced"][..], &["OrderPlaced", "OrderCancelled"]] {
        let topology = listening(&[("orders", names)]);
        create(&queue, &topology).await;
        assert_eq!(account.filter("their-orders").await, Some(set(names)));

        let plan = plan(&queue, &topology).await;
        let notes: Vec<&str> = plan.notes().collect();
        assert!(plan.is_empty() && notes.len() == 2 && notes.iter().all(|note| note.contains("not allowed")), "{plan}");
        assert_eq!(verify(&queue.clone().provision(Provision::Verify), &topology).await, "");
    }
    // A subscription that may not be looked at either, and differs, is for a person.
    process.wire.deny("sns:GetSubscriptionAttributes", "");
    let more = listening(&[("orders", &["OrderPlaced", "OrderCancelled", "More"])]);
    let error = queue.prepare(&more).await.unwrap_err();
    assert!(error.to_string().contains("allow `sns:GetSubscriptionAttributes`"), "{error}");
}

#[tokio::test]
async fn what_another_region_cannot_deliver_is_not_kept() {
    let account = Account::new().await;
    let theirs = Theirs::new(&account, "eu-west-1").await;
    let process = process(&account, &theirs.arn);
    let topology = listening(&[("orders", &["OrderPlaced"])]);
    create(&process.billing().keep_undelivered(), &topology).await;
    let plan = plan(&process.billing().keep_undelivered(), &topology).await;
    assert!(plan.is_empty() && plan.notes().any(|note| note.contains("its own region only")), "{plan}");
}
