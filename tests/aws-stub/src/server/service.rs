//! One request: read, noted, met by a fault or not, carried out, answered.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};

use super::dated;
use super::payload::{Closed, Payload};
use crate::account::new_id;
use crate::answer::{Answer, Done};
use crate::fault::{Planned, What};
use crate::ledger::Call;
use crate::refusal::Refusal;
use crate::request::{Input, Request};
use crate::shared::Shared;
use crate::{sns, sqs, sts};

/// More than ten messages of a megabyte, in a form that triples them.
const MOST_BYTES: usize = 64 * 1024 * 1024;

pub(super) async fn serve(shared: Arc<Shared>, request: hyper::Request<Incoming>) -> Result<Response<Payload>, Closed> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, MOST_BYTES).collect().await.map_err(|_| Closed)?.to_bytes();
    let request = Request::read(&head, &body);
    drop(body);
    let dated = dated::check(&head, request.service);
    let (service, action) = (request.service, request.action);
    let number = shared.ledger().begin(Call {
        action,
        target: Arc::clone(&request.target),
        entries: request.entries(),
        bytes: 0,
        attempt: request.attempt,
        wait: request.wait(),
        at: Instant::now(),
        answered: None,
        status: None,
    });
    shared.changed.notify_waiters();
    let request_id = new_id();
    let Planned { what, delay, date_skew } = shared.faults().plan(action, &request.target);
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    let entries = request.entries();
    let done = match &what {
        What::Hang => std::future::pending().await,
        What::CloseBefore => return Err(Closed),
        What::Page { status, content_type, body } => Done::plain(Answer::new(*status, content_type, *body)),
        What::Error { code, message, status, query_error } => {
            let message = message.as_deref().unwrap_or("injected").to_owned();
            let refusal = Refusal { code: code.clone(), message, status: *status, query_error: *query_error };
            shared.ledger().carried(number, action, entries, 0);
            Done::plain(refusal.answer(service, &request_id))
        }
        _ => {
            let done = match dated {
                Ok(()) => carry_out(&shared, request, &request_id, &what).await,
                Err(refusal) => Err(refusal),
            };
            let done = done.unwrap_or_else(|refusal| Done::plain(refusal.answer(service, &request_id)));
            shared.ledger().carried(number, action, done.entries.unwrap_or(entries), done.bytes);
            done
        }
    };
    let answer = done.answer;
    if matches!(what, What::CloseAfter) {
        return Err(Closed);
    }
    shared.ledger().answered(number, answer.status);
    shared.changed.notify_waiters();
    Ok(response(&answer, &what, date_skew, &request_id))
}

async fn carry_out(shared: &Shared, request: Request, request_id: &str, what: &What) -> Result<Done, Refusal> {
    let Request { region, action, input, .. } = request;
    match input {
        Input::Sqs(input) => sqs::carry_out(shared, &region, input, what).await,
        Input::Sns(form) => sns::carry_out(shared, &region, action, &form, request_id, what),
        Input::Sts => Ok(sts::caller_identity(request_id)),
        Input::Refused(refusal) => Err(refusal),
    }
}

fn response(answer: &Answer, what: &What, date_skew: Option<i64>, request_id: &str) -> Response<Payload> {
    let payload = match what {
        What::Truncate => Payload::truncated(&answer.body),
        What::Stall => Payload::stalled(&answer.body),
        _ => Payload::whole(answer.body.clone()),
    };
    let mut response = Response::new(payload);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(answer.body.len()));
    let mut put = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    // A page is nothing of AWS.
    if !matches!(what, What::Page { .. }) {
        put("x-amzn-requestid", request_id);
    }
    if let Some(query_error) = &answer.query_error {
        put("x-amzn-query-error", query_error);
    }
    if let Some(skew) = date_skew
        && let Some(date) = date(skew)
    {
        put("date", &date);
    }
    response
}

/// The time that many seconds from now, as HTTP writes it.
fn date(skew: i64) -> Option<String> {
    let by = Duration::from_secs(skew.unsigned_abs());
    let now = SystemTime::now();
    let at = if skew < 0 { now.checked_sub(by)? } else { now.checked_add(by)? };
    DateTime::from(at).fmt(Format::HttpDate).ok()
}
