//! Tasks that move dead letters.

use serde_json::{Map, Value, json};

use super::input::{CancelMessageMoveTask, ListMessageMoveTasks, StartMessageMoveTask};
use super::{Done, answer};
use crate::account::{Move, MoveState};
use crate::refusal::Refusal;
use crate::shared::Shared;

pub(super) fn start(shared: &Shared, input: &StartMessageMoveTask) -> Result<Done, Refusal> {
    let handle = shared.account().start_move(
        &input.source_arn,
        input.destination_arn.as_deref(),
        input.max_number_of_messages_per_second,
        shared.clock.now(),
    )?;
    Ok(Done::plain(answer(&json!({ "TaskHandle": &*handle }))?))
}

pub(super) fn list(shared: &Shared, input: &ListMessageMoveTasks) -> Result<Done, Refusal> {
    let moves = shared.account().moves_of(&input.source_arn);
    let results = moves.iter().take(input.max_results.unwrap_or(1)).map(|task| {
        let Move { source, destination, per_second, state, to_move, moved, started, handle, failure } = task;
        let mut result = Map::new();
        let mut put = |name: &str, value: Value| drop(result.insert(name.to_owned(), value));
        let status = match state {
            MoveState::Running => "RUNNING",
            MoveState::Completed => "COMPLETED",
            MoveState::Cancelled => "CANCELLED",
            MoveState::Failed => "FAILED",
        };
        put("Status", status.into());
        put("SourceArn", (&**source).into());
        put("ApproximateNumberOfMessagesMoved", (*moved).into());
        put("ApproximateNumberOfMessagesToMove", (*to_move).into());
        put("StartedTimestamp", shared.clock.millis(*started).into());
        if *state == MoveState::Running {
            put("TaskHandle", (&**handle).into());
        }
        if let Some(destination) = destination {
            put("DestinationArn", (&**destination).into());
        }
        if let Some(rate) = per_second {
            put("MaxNumberOfMessagesPerSecond", (*rate).into());
        }
        if let Some(failure) = failure {
            put("FailureReason", (*failure).into());
        }
        Value::Object(result)
    });
    Ok(Done::plain(answer(&json!({ "Results": results.collect::<Vec<_>>() }))?))
}

pub(super) fn cancel(shared: &Shared, input: &CancelMessageMoveTask) -> Result<Done, Refusal> {
    let moved = shared.account().cancel_move(&input.task_handle)?;
    Ok(Done::plain(answer(&json!({ "ApproximateNumberOfMessagesMoved": moved }))?))
}
