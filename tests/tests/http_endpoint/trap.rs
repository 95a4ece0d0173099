//! Servers that write down who came: one where nobody may come, and one that is asked to confirm.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use melange_aws::Aws;
use melange_aws_stub::Stub;

/// An address of this machine at which nobody may come.
pub(crate) struct Trap(TcpListener);

impl Trap {
    pub(crate) fn set() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    pub(crate) fn address(&self) -> String {
        self.0.local_addr().unwrap().to_string()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.accept().is_err()
    }
}

/// SNS, as far as it confirms.
#[derive(Clone)]
pub(crate) struct Sns {
    asked: Arc<Mutex<Vec<String>>>,
    answer: Arc<Mutex<(StatusCode, String)>>,
    endpoint: String,
}

const CONFIRMED: &str = r#"<ConfirmSubscriptionResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">
  <ConfirmSubscriptionResult><SubscriptionArn>arn:aws:sns:us-east-1:123456789012:orders:1</SubscriptionArn></ConfirmSubscriptionResult>
  <ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></ConfirmSubscriptionResponse>"#;

impl Sns {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let answer = Arc::new(Mutex::new((StatusCode::OK, CONFIRMED.to_owned())));
        let sns = Self { asked: Arc::default(), answer, endpoint };
        let app = Router::new().fallback(asked).with_state(sns.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        sns
    }

    pub(crate) async fn aws(&self) -> Aws {
        Aws::from_config(&Stub::start().await.hurried_config_at(&self.endpoint))
    }

    /// From now on it has this to say.
    pub(crate) fn says(&self, status: u16, code: &str) {
        let body = format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>hunter2</Message></Error></ErrorResponse>"
        );
        *self.answer.lock().unwrap() = (StatusCode::from_u16(status).unwrap(), body);
    }

    pub(crate) fn confirms(&self) {
        *self.answer.lock().unwrap() = (StatusCode::OK, CONFIRMED.to_owned());
    }

    /// The forms it was sent.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn asked(State(sns): State<Sns>, uri: Uri, body: Bytes) -> (StatusCode, String) {
    sns.asked.lock().unwrap().push(format!("{uri} {}", String::from_utf8_lossy(&body)));
    sns.answer.lock().unwrap().clone()
}
