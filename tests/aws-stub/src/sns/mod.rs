//! SNS: its query protocol, over the account.

mod form;
mod publish;
mod subscriptions;
mod topics;
pub(crate) mod xml;

pub(crate) use form::Form;

use aws_smithy_xml::encode::ScopeWriter;

use crate::account::ID;
use crate::answer::{Answer, Done};
use crate::fault::What;
use crate::refusal::Refusal;
use crate::request::Service;
use crate::shared::Shared;

const ACTIONS: [&str; 12] = [
    "CreateTopic",
    "GetSubscriptionAttributes",
    "GetTopicAttributes",
    "ListSubscriptionsByTopic",
    "ListTagsForResource",
    "Publish",
    "PublishBatch",
    "SetSubscriptionAttributes",
    "SetTopicAttributes",
    "Subscribe",
    "TagResource",
    "Unsubscribe",
];

/// The action, if SNS has it.
pub(crate) fn known(action: &str) -> Option<&'static str> {
    ACTIONS.iter().copied().find(|known| *known == action)
}

/// How many messages it is about.
pub(crate) fn entries(action: &str, form: &Form) -> usize {
    match action {
        "Publish" => 1,
        "PublishBatch" => form.entries().len(),
        _ => 0,
    }
}

/// What every action needs.
pub(super) struct Asked<'a> {
    pub(super) shared: &'a Shared,
    pub(super) region: &'a str,
    pub(super) action: &'static str,
    pub(super) form: &'a Form,
    pub(super) request_id: &'a str,
}

impl Asked<'_> {
    pub(super) fn answer(&self, fill: impl FnOnce(&mut ScopeWriter<'_, '_>)) -> Done {
        Done::plain(Answer::xml(200, xml::response(Service::Sns, self.action, self.request_id, fill)))
    }

    /// The ARN of the topic it is about, which must be of this region and account.
    pub(super) fn topic(&self) -> Result<&str, Refusal> {
        self.own(self.form.required("TopicArn")?, "TopicArn")
    }

    pub(super) fn own<'a>(&self, arn: &'a str, parameter: &str) -> Result<&'a str, Refusal> {
        let parts: Vec<&str> = arn.split(':').collect();
        match parts.as_slice() {
            ["arn", "aws", "sns", region, account, _, ..] if *region == self.region => {
                if *account == ID {
                    return Ok(arn);
                }
                let what = format!(
                    "User: arn:aws:iam::{ID}:user/test is not authorized to perform: SNS:{} on resource: {arn}",
                    self.action
                );
                Err(Refusal::new("AuthorizationError", what))
            }
            _ => Err(Refusal::parameter(parameter)),
        }
    }
}

/// Carries it out, but for the entries of a batch that `fault` is about.
pub(crate) fn carry_out(
    shared: &Shared,
    region: &str,
    action: &'static str,
    form: &Form,
    request_id: &str,
    fault: &What,
) -> Result<Done, Refusal> {
    let asked = Asked { shared, region, action, form, request_id };
    match action {
        "CreateTopic" => topics::create(&asked),
        "GetTopicAttributes" => topics::get_attributes(&asked),
        "SetTopicAttributes" => topics::set_attributes(&asked),
        "TagResource" => topics::tag(&asked),
        "ListTagsForResource" => topics::list_tags(&asked),
        "Subscribe" => subscriptions::subscribe(&asked),
        "GetSubscriptionAttributes" => subscriptions::get_attributes(&asked),
        "SetSubscriptionAttributes" => subscriptions::set_attributes(&asked),
        "ListSubscriptionsByTopic" => subscriptions::list(&asked),
        "Unsubscribe" => subscriptions::unsubscribe(&asked),
        "Publish" => publish::one(&asked),
        "PublishBatch" => publish::batch(&asked, fault),
        _ => Err(Refusal::new("InvalidAction", format!("The action {action} is not valid for this endpoint."))),
    }
}
