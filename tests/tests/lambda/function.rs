//! The function under test, as Lambda runs it, and what its subscribers said.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use melange_aws_stub::{REGION, Stub};
use melange_lambda_stub::{Answer, Runtime};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// The function, from a build of its own where `MELANGE_LAMBDA_FUNCTION` says so (`cargo xtask lambda`).
fn program() -> PathBuf {
    std::env::var_os("MELANGE_LAMBDA_FUNCTION")
        .map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_lambda_function")), PathBuf::from)
}

pub struct Function {
    runtime: Runtime,
    output: tokio::sync::Mutex<Lines<BufReader<ChildStdout>>>,
    said: Mutex<Vec<String>>,
    errors: Arc<Mutex<String>>,
    _process: Child,
}

impl Function {
    /// With the bus in memory.
    pub async fn start(kind: &str) -> Self {
        Self::spawn(&[kind], &[]).await
    }

    /// With the bus on `stub`, and `billing` its own queue.
    pub async fn on(kind: &str, stub: &Stub) -> Self {
        let environment = [
            ("AWS_ENDPOINT_URL", stub.endpoint()),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ];
        Self::spawn(&[kind, "billing"], &environment).await
    }

    async fn spawn(arguments: &[&str], environment: &[(&str, String)]) -> Self {
        let runtime = Runtime::start().await.unwrap();
        let mut process = Command::new(program())
            .args(arguments)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .envs(runtime.environment())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let errors = Arc::new(Mutex::new(String::new()));
        let output = tokio::sync::Mutex::new(BufReader::new(process.stdout.take().unwrap()).lines());
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let to = Arc::clone(&errors);
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                to.lock().unwrap().push_str(&line);
            }
        });
        Self { runtime, output, said: Mutex::default(), errors, _process: process }
    }

    pub async fn invoke(&self, payload: &Value) -> Answer {
        self.invoke_within(Duration::from_secs(60), payload).await
    }

    pub async fn invoke_within(&self, time: Duration, payload: &Value) -> Answer {
        // What it says meanwhile may be more than a pipe holds.
        let reading = async {
            let mut output = self.output.lock().await;
            while let Ok(Some(line)) = output.next_line().await {
                self.said.lock().unwrap().push(line);
            }
            std::future::pending().await
        };
        let answer = tokio::select! {
            answer = self.runtime.invoke_within(time, payload.to_string()) => answer,
            answer = reading => answer,
        };
        let test = std::thread::current().name().unwrap_or_default().to_owned();
        println!("{test}: {}", answer.to_string().chars().take(1_000).collect::<String>());
        assert!(!answer.to_string().contains("hunter2") && !self.errors.lock().unwrap().contains("hunter2"));
        answer
    }

    /// The ids that the answer to `payload` names.
    pub async fn failed(&self, payload: &Value) -> Vec<String> {
        failures(&self.invoke(payload).await)
    }

    /// What subscribers have said since the last time, in order.
    pub async fn said(&self) -> Vec<String> {
        let mut output = self.output.lock().await;
        let mut said = std::mem::take(&mut *self.said.lock().unwrap());
        // What was said before the answer is in the pipe by now: however late this is, a look finds it. What comes after
        // the answer, of a handler that is told to stop, takes no time.
        while let Ok(Ok(Some(line))) = tokio::time::timeout(Duration::from_millis(200), output.next_line()).await {
            said.push(line);
        }
        said
    }

    /// The same, sorted, of those that begin so.
    pub async fn said_of(&self, beginning: &str) -> Vec<String> {
        let mut said = self.said().await;
        said.retain(|line| line.starts_with(beginning));
        said.sort();
        said
    }
}

/// The ids that an answer names; it must hold nothing else.
pub fn failures(answer: &Answer) -> Vec<String> {
    let Answer::Response(body) = answer else { panic!("{answer}") };
    let body: Value = serde_json::from_str(body).unwrap();
    let items = body["batchItemFailures"].as_array().unwrap();
    let id = |item: &Value| {
        assert_eq!(item.as_object().unwrap().len(), 1);
        item["itemIdentifier"].as_str().unwrap().to_owned()
    };
    items.iter().map(id).collect()
}

pub fn job(number: u32, act: &Value) -> Value {
    json!({"event_type_name": "Job", "number": number, "act": act, "secret": "hunter2"})
}

/// A record of SQS with this body, as the Lambda developer guide shows it.
pub fn record(id: &str, body: &str) -> Value {
    json!({
        "messageId": id,
        "receiptHandle": format!("AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a {id}"),
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1545082649183",
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": "1545082649185"
        },
        "messageAttributes": {},
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:staging-billing",
        "awsRegion": "us-east-1"
    })
}

pub fn job_record(id: &str, number: u32, act: &Value) -> Value {
    record(id, &job(number, act).to_string())
}

/// A record of a FIFO queue.
pub fn fifo(id: &str, group: &str, number: u32, act: &Value) -> Value {
    let mut record = job_record(id, number, act);
    record["eventSourceARN"] = "arn:aws:sqs:us-east-1:000000000000:steps.fifo".into();
    record["attributes"]["MessageGroupId"] = group.into();
    record["attributes"]["SequenceNumber"] = "18849496460467696128".into();
    record
}

pub fn sqs(records: impl IntoIterator<Item = Value>) -> Value {
    json!({"Records": records.into_iter().collect::<Vec<_>>()})
}

/// What SNS writes around a message, for Lambda.
pub fn notification(id: &str, message: &Value) -> Value {
    json!({
        "Type": "Notification", "MessageId": id, "TopicArn": "arn:aws:sns:us-east-1:000000000000:jobs", "Subject": null,
        "Message": message.to_string(), "Timestamp": "2019-01-02T12:45:07.000Z", "SignatureVersion": "1",
        "Signature": "EXAMPLE", "SigningCertUrl": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0.pem",
        "UnsubscribeUrl": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe", "MessageAttributes": {},
    })
}

pub fn sns(notifications: impl IntoIterator<Item = Value>) -> Value {
    let record =
        |sns| json!({"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": "arn:x", "Sns": sns});
    json!({"Records": notifications.into_iter().map(record).collect::<Vec<_>>()})
}
