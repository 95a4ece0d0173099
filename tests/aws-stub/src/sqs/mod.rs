//! SQS: its JSON protocol, over the account.

pub(crate) mod batch;
mod input;
mod moves;
mod queues;
mod receive;
mod send;
mod settle;

pub(crate) use input::Input;

use serde::Serialize;

use crate::answer::{Answer, Done};
use crate::fault::What;
use crate::refusal::Refusal;
use crate::shared::Shared;

/// Carries it out, but for the entries of a batch that `fault` is about.
pub(crate) async fn carry_out(shared: &Shared, region: &str, input: Input, fault: &What) -> Result<Done, Refusal> {
    shared.account().move_due(shared.clock.now());
    match input {
        Input::CancelMessageMoveTask(input) => moves::cancel(shared, &input),
        Input::ChangeMessageVisibility(input) => settle::one(shared, region, &input, settle::change),
        Input::ChangeMessageVisibilityBatch(input) => settle::each(shared, region, &input, fault, settle::change),
        Input::CreateQueue(input) => queues::create(shared, region, &input),
        Input::DeleteMessage(input) => settle::one(shared, region, &input, settle::delete),
        Input::DeleteMessageBatch(input) => settle::each(shared, region, &input, fault, settle::delete),
        Input::DeleteQueue(input) => queues::delete(shared, region, &input),
        Input::GetQueueAttributes(input) => queues::get_attributes(shared, region, &input),
        Input::GetQueueUrl(input) => queues::get_url(shared, region, &input),
        Input::ListMessageMoveTasks(input) => moves::list(shared, &input),
        Input::ListQueues(input) => queues::list(shared, region, &input),
        Input::ListQueueTags(input) => queues::list_tags(shared, region, &input),
        Input::PurgeQueue(input) => queues::purge(shared, region, &input),
        Input::ReceiveMessage(input) => receive::receive(shared, region, &input).await,
        Input::SendMessage(input) => send::one(shared, region, input),
        Input::SendMessageBatch(input) => send::batch(shared, region, input, fault),
        Input::SetQueueAttributes(input) => queues::set_attributes(shared, region, &input),
        Input::StartMessageMoveTask(input) => moves::start(shared, &input),
        Input::TagQueue(input) => queues::tag(shared, region, input),
    }
}

/// An answer of this content.
fn answer(content: &impl Serialize) -> Result<Answer, Refusal> {
    let body = serde_json::to_vec(content).map_err(|error| Refusal::new("InternalError", error.to_string()))?;
    Ok(Answer::json(200, body))
}

/// An answer without content.
fn nothing() -> Done {
    Done::plain(Answer::json(200, "{}"))
}
