//! The four paths of the runtime API.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::invocation::{Answer, Desk, Invocation};

const BASE: &str = "/2018-06-01/runtime/";
const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:function";
const TRACE: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

pub(crate) async fn run(listener: TcpListener, desk: Arc<Desk>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                let _ = stream.set_nodelay(true);
                let desk = Arc::clone(&desk);
                connections.spawn(async move {
                    let service = service_fn(|request| serve(Arc::clone(&desk), request));
                    // It ends with an error when the function goes.
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(desk: Arc<Desk>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    let is_get = request.method() == Method::GET;
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let body = String::from_utf8_lossy(&body).into_owned();
    let Some(path) = path.strip_prefix(BASE) else { return Ok(refused(StatusCode::NOT_FOUND)) };
    let parts: Vec<&str> = path.split('/').collect();
    let response = match (is_get, parts.as_slice()) {
        (true, ["invocation", "next"]) => handed_out(desk.next().await),
        (false, ["init", "error"]) => {
            desk.could_not_start(body);
            accepted()
        }
        (false, ["invocation", request_id, "response"]) => taken(desk.answer(request_id, Answer::Response(body))),
        (false, ["invocation", request_id, "error"]) => taken(desk.answer(request_id, Answer::Error(body))),
        _ => refused(StatusCode::NOT_FOUND),
    };
    Ok(response)
}

fn handed_out(invocation: Invocation) -> Response<Full<Bytes>> {
    let Invocation { request_id, payload, deadline_ms } = invocation;
    let mut response = Response::new(Full::from(payload));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let mut put = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    put("lambda-runtime-aws-request-id", &request_id);
    put("lambda-runtime-deadline-ms", &deadline_ms.to_string());
    put("lambda-runtime-invoked-function-arn", ARN);
    put("lambda-runtime-trace-id", TRACE);
    response
}

/// An answer that nobody waits for any more is refused.
fn taken(was_waited_for: bool) -> Response<Full<Bytes>> {
    if was_waited_for { accepted() } else { refused(StatusCode::BAD_REQUEST) }
}

fn accepted() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(r#"{"status": "OK"}"#));
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}

fn refused(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response =
        Response::new(Full::from(r#"{"errorType": "InvalidRequestID", "errorMessage": "nobody waits for it"}"#));
    *response.status_mut() = status;
    response
}
