//! Letters of SNS, signed by a key that is made here.
#![allow(clippy::unwrap_used, reason = "a test without its key cannot go on")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use aws_smithy_types::base64;
use aws_smithy_types::date_time::{DateTime, Format};
use melange::BoxError;
use melange_aws::signature::{Certificates, FetchCertificate};
use serde_json::{Value, json};

/// The topic that letters are of unless said otherwise.
pub const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:orders";
/// When they are of, unless said otherwise: as [`now`] has it.
pub const TIME: &str = "2026-06-01T12:00:00.000Z";
/// Where their certificate is.
pub const CERTIFICATE: &str =
    "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem";

/// What time it is for letters.
#[must_use]
pub fn now() -> SystemTime {
    at(TIME)
}

/// The moment that SNS writes like this.
#[must_use]
pub fn at(text: &str) -> SystemTime {
    SystemTime::try_from(DateTime::from_str(text, Format::DateTime).unwrap()).unwrap()
}

/// As SNS writes this moment.
#[must_use]
pub fn stamp(at: SystemTime) -> String {
    let seconds = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let text = DateTime::from_secs(i64::try_from(seconds).unwrap()).fmt(Format::DateTime).unwrap();
    text.replace('Z', ".000Z")
}

/// A key that letters are signed with.
pub struct Signer {
    key: RsaKeyPair,
    pkcs8: Vec<u8>,
}

impl Signer {
    /// A new key, which takes its time.
    #[must_use]
    pub fn new() -> Self {
        let key = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let pkcs8 = AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&key).unwrap().as_ref().to_vec();
        Self { key, pkcs8 }
    }

    /// The key that all tests of a binary share.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Signer> = OnceLock::new();
        SHARED.get_or_init(Self::new)
    }

    /// Another key.
    pub fn stranger() -> &'static Self {
        static STRANGER: OnceLock<Signer> = OnceLock::new();
        STRANGER.get_or_init(Self::new)
    }

    /// A certificate of this key, made out to `name`: in PEM.
    #[must_use]
    pub fn certificate(&self, name: &str, not_before: SystemTime, not_after: SystemTime) -> String {
        let key = rcgen::KeyPair::try_from(self.pkcs8.as_slice()).unwrap();
        let mut parameters = rcgen::CertificateParams::new([name.to_owned()]).unwrap();
        parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
        (parameters.not_before, parameters.not_after) = (not_before.into(), not_after.into());
        let text = base64::encode(parameters.self_signed(&key).unwrap().der());
        let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    }

    /// The certificate as SNS would have it now.
    #[must_use]
    pub fn usual(&self) -> String {
        let month = Duration::from_secs(30 * 24 * 60 * 60);
        self.certificate("sns.amazonaws.com", now() - month, now() + month)
    }

    fn sign(&self, bytes: &[u8]) -> String {
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), bytes, &mut signature).unwrap();
        base64::encode(signature)
    }
}

impl Default for Signer {
    fn default() -> Self {
        Self::new()
    }
}

/// A letter that is being written.
#[derive(Clone)]
pub struct Draft(pub Value);

impl Draft {
    /// A notification of `message`, under the id `id`.
    #[must_use]
    pub fn notification(id: &str, message: &str) -> Self {
        Self(json!({
            "Type": "Notification", "MessageId": id, "TopicArn": TOPIC, "Message": message, "Timestamp": TIME,
            "SignatureVersion": "2", "Signature": "", "SigningCertURL": CERTIFICATE,
            "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=x",
        }))
    }

    /// A `SubscriptionConfirmation` or an `UnsubscribeConfirmation`.
    #[must_use]
    pub fn confirmation(kind: &str, id: &str, token: &str) -> Self {
        let url = format!("https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token={token}");
        Self::notification(id, "You have chosen to ..")
            .with("Type", kind)
            .with("Token", token)
            .with("SubscribeURL", &*url)
    }

    /// With this under `key`.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0[key] = value.into();
        self
    }

    /// Signed by the key that all tests share.
    #[must_use]
    pub fn signed(self) -> String {
        self.signed_by(Signer::shared())
    }

    /// Signed by this key, as the documentation of SNS says it is done.
    #[must_use]
    pub fn signed_by(self, signer: &Signer) -> String {
        let fields: &[&str] = if self.0["Type"] == "Notification" {
            &["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
        } else {
            &["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
        };
        let line = |name: &&str| Some(format!("{name}\n{}\n", self.0[*name].as_str()?));
        let bytes: String = fields.iter().filter_map(line).collect();
        let signature = signer.sign(bytes.as_bytes());
        self.with("Signature", signature).0.to_string()
    }
}

/// Where certificates come from in tests. It writes down every address that it is asked for.
#[derive(Clone, Default)]
pub struct Shelf(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    held: BTreeMap<String, Result<Vec<u8>, String>>,
    asked: Vec<String>,
    takes: Duration,
}

impl Shelf {
    /// With the shared key's usual certificate at the usual address.
    #[must_use]
    pub fn usual() -> Self {
        Self::default().holding(CERTIFICATE, Signer::shared().usual())
    }

    /// With this at `url`, too.
    #[must_use]
    pub fn holding(self, url: &str, pem: impl Into<Vec<u8>>) -> Self {
        self.put(url, Ok(pem.into()));
        self
    }

    /// Puts this at `url` from now on.
    pub fn put(&self, url: &str, answer: Result<Vec<u8>, String>) {
        self.state().held.insert(url.to_owned(), answer);
    }

    /// Every answer takes so long from now on.
    pub fn takes(&self, time: Duration) {
        self.state().takes = time;
    }

    /// What was asked for, in order.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.state().asked.clone()
    }

    /// As where an endpoint's certificates come from.
    #[must_use]
    pub fn certificates(&self) -> Certificates {
        Certificates::fetched_by(self.clone())
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FetchCertificate for Shelf {
    async fn fetch(&self, url: &str) -> Result<Vec<u8>, BoxError> {
        let (answer, takes) = {
            let mut state = self.state();
            state.asked.push(url.to_owned());
            let nothing = || Err("404".to_owned());
            (state.held.get(url).cloned().unwrap_or_else(nothing), state.takes)
        };
        tokio::time::sleep(takes).await;
        answer.map_err(Into::into)
    }
}
