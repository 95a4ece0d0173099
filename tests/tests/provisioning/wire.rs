//! What a process says to AWS: noted, and if the test wants so, answered or held back before it gets there.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;

/// A call, by its action as IAM spells it, and its body.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) action: String,
    pub(crate) body: String,
}

/// What happens to a call instead of being made at once.
#[derive(Clone, Debug)]
enum Fate {
    /// It is answered with this code.
    Refused { status: u16, code: &'static str },
    /// It is made later.
    Held(Duration),
}

#[derive(Default)]
struct State {
    said: Vec<Said>,
    /// By action and a part of the body.
    fates: BTreeMap<(String, String), Fate>,
    /// The same, for the next call only.
    next: BTreeMap<String, Fate>,
}

/// The wire of one process.
#[derive(Clone)]
pub(crate) struct Wire {
    real: SharedHttpClient,
    state: Arc<Mutex<State>>,
}

impl Wire {
    pub(crate) fn new() -> Self {
        Self { real: aws_smithy_http_client::Builder::new().build_http(), state: Arc::default() }
    }

    /// `config`, over this wire.
    pub(crate) fn over(&self, config: &SdkConfig) -> SdkConfig {
        config.to_builder().http_client(SharedHttpClient::new(self.clone())).build()
    }

    /// Answers every `action` whose body holds `part` with this status and code.
    pub(crate) fn refuse(&self, action: &str, part: &str, status: u16, code: &'static str) {
        self.state().fates.insert((action.to_owned(), part.to_owned()), Fate::Refused { status, code });
    }

    /// Answers the next `action` so, and those after it not.
    pub(crate) fn refuse_next(&self, action: &str, status: u16, code: &'static str) {
        self.state().next.insert(action.to_owned(), Fate::Refused { status, code });
    }

    /// As AWS says that something is not allowed.
    pub(crate) fn deny(&self, action: &str, part: &str) {
        let code = if action.starts_with("sns:") { "AuthorizationError" } else { "AccessDenied" };
        self.refuse(action, part, 403, code);
    }

    /// Holds every `action` back for so long.
    pub(crate) fn hold(&self, action: &str, part: &str, time: Duration) {
        self.state().fates.insert((action.to_owned(), part.to_owned()), Fate::Held(time));
    }

    /// What was said since the last time.
    pub(crate) fn said(&self) -> Vec<Said> {
        std::mem::take(&mut self.state().said)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, request: &HttpRequest) -> (String, Option<Fate>) {
        let body = String::from_utf8_lossy(request.body().bytes().unwrap_or_default()).into_owned();
        let action = match request.headers().get("x-amz-target") {
            Some(target) => format!("sqs:{}", target.rsplit('.').next().unwrap_or(target)),
            None => {
                let action = body.split('&').find_map(|pair| pair.strip_prefix("Action="));
                format!("sns:{}", action.expect("SNS is told what to do"))
            }
        };
        let mut state = self.state();
        let fate = state.fates.iter().find(|((of, part), _)| *of == action && body.contains(part.as_str()));
        let fate = fate.map(|(_, fate)| fate.clone()).or_else(|| state.next.remove(&action));
        state.said.push(Said { action: action.clone(), body });
        (action, fate)
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

impl HttpClient for Wire {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let real = self.real.http_connector(settings, components);
        SharedHttpConnector::new(Connector { wire: self.clone(), real })
    }
}

#[derive(Debug)]
struct Connector {
    wire: Wire,
    real: SharedHttpConnector,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        match self.wire.note(&request) {
            (_, None) => self.real.call(request),
            (action, Some(Fate::Refused { status, code })) => {
                HttpConnectorFuture::ready(Ok(refusal(&action, status, code)))
            }
            (_, Some(Fate::Held(time))) => {
                let real = self.real.clone();
                HttpConnectorFuture::new(async move {
                    tokio::time::sleep(time).await;
                    real.call(request).await
                })
            }
        }
    }
}

fn refusal(action: &str, status: u16, code: &str) -> HttpResponse {
    let body = if action.starts_with("sns:") {
        format!(
            "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>Sender</Type><Code>{code}</Code>\
             <Message>not for you</Message></Error><RequestId>1-2-3</RequestId></ErrorResponse>"
        )
    } else {
        format!("{{\"__type\":\"com.amazonaws.sqs#{code}\",\"message\":\"not for you\"}}")
    };
    let status = StatusCode::try_from(status).expect("a status");
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    if action.starts_with("sqs:") {
        response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    }
    response
}

/// Those that change something.
pub(crate) fn writes(said: &[Said]) -> Vec<&str> {
    let reads = |action: &&str| {
        let name = action.split_once(':').map_or(*action, |(_, name)| name);
        !["Get", "List"].iter().any(|verb| name.starts_with(verb))
    };
    said.iter().map(|said| said.action.as_str()).filter(reads).collect()
}
