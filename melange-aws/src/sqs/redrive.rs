//! Dead letters on their way back: one by one as copies, or all by SQS itself.

use std::collections::HashMap;

use aws_sdk_sqs::types::MessageAttributeValue as Value;
use melange::attributes::{ORIGINAL_QUEUE, REASON, REDRIVES};
use melange::transport::{Delivery, MoveStatus, TransportError, TransportErrorKind};

use super::copy;
use super::held::Held;
use crate::client::Call;
use crate::names::dead_letter_queue;
use crate::{Aws, attributes, limits};

/// Puts a copy of the letter in hand back into `queue`, as it came into it.
pub(crate) async fn redrive(aws: &Aws, queue: &str, letter: &Delivery, redrives: u32) -> Result<(), TransportError> {
    let attributes = without_reason(Held::of(&letter.receipt)?, redrives);
    // Put back twice it is one message, put back again later it is another.
    let id = format!("{}/redrive/{redrives}", letter.message_id);
    copy::send(aws, &aws.names().queue(queue), letter, attributes, &id).await
}

/// What came beside the message before it was given up. The subscriber stays: only that one is to run.
fn without_reason(
    held: &Held,
    redrives: u32,
) -> Result<HashMap<String, Value>, aws_smithy_types::error::operation::BuildError> {
    let mut all = held.attributes()?;
    for ours in [REASON, ORIGINAL_QUEUE] {
        all.remove(ours);
    }
    if all.contains_key(REDRIVES) || all.len() < limits::MAX_ATTRIBUTES {
        all.insert(REDRIVES.to_owned(), attributes::number_to_sqs(redrives)?);
    }
    Ok(all)
}

/// Lets SQS move everything in the dead-letter queue of `queue` back to it.
pub(crate) async fn start_move(aws: &Aws, queue: &str) -> Result<String, TransportError> {
    let name = aws.names().queue(queue);
    let account = aws.account_id().await?;
    let from = aws.names().queue_arn(&dead_letter_queue(&name), account)?;
    let to = aws.names().queue_arn(&name, account)?;
    // Without a destination SQS knows where to only for what it has moved itself, and not for what was sent.
    let request = aws.client().sqs.start_message_move_task().source_arn(&from).destination_arn(to);
    let call = Call::new("sqs:StartMessageMoveTask", format!("queue {}", dead_letter_queue(&name)));
    call.send(request.send()).await?;
    // The task is found by its source: SQS runs one at a time for each.
    Ok(from)
}

/// How far that move is.
pub(crate) async fn move_status(aws: &Aws, queue: &str, task: &str) -> Result<MoveStatus, TransportError> {
    let dead = dead_letter_queue(&aws.names().queue(queue));
    let call = Call::new("sqs:ListMessageMoveTasks", format!("queue {dead}"));
    let request = aws.client().sqs.list_message_move_tasks().source_arn(task).max_results(1);
    let output = call.send(request.send()).await?;
    let Some(newest) = output.results().first() else {
        let what = format!("SQS knows of no move of the messages of queue {dead}");
        return Err(TransportError::new(TransportErrorKind::NotFound, what));
    };
    let moved = u64::try_from(newest.approximate_number_of_messages_moved()).unwrap_or(0);
    match newest.status() {
        Some("COMPLETED") => Ok(MoveStatus::done(moved)),
        Some("FAILED" | "CANCELLED") => {
            let why = newest.failure_reason().unwrap_or("it was cancelled");
            let what = format!("the move of the messages of queue {dead} ended after {moved} of them: {why}");
            Err(TransportError::new(TransportErrorKind::Configuration, what))
        }
        _ => Ok(MoveStatus::running(moved)),
    }
}
