//! A letter of SNS, read strictly: the only reading whose signature means anything. Whatever two readers could
//! understand differently is refused: a key that stands twice, a value of another kind, text that is no Unicode.

mod shallow;

use std::collections::HashSet;
use std::fmt;

use melange::transport::Undecodable;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use shallow::Shallow;

/// The maximum nesting of the message's other keys: attributes have three levels.
const DEPTH: usize = 8;
/// The most keys of a message; SNS writes a dozen.
const MOST_KEYS: usize = 64;

/// The type of an SNS message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LetterKind {
    /// A published message.
    Notification,
    /// Somebody wants to subscribe this endpoint, and SNS asks it to confirm.
    SubscriptionConfirmation,
    /// The subscription was ended.
    UnsubscribeConfirmation,
}

impl LetterKind {
    /// The name that SNS uses, and signs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Notification => "Notification",
            Self::SubscriptionConfirmation => "SubscriptionConfirmation",
            Self::UnsubscribeConfirmation => "UnsubscribeConfirmation",
        }
    }

    fn of(text: &str) -> Option<Self> {
        let all = [Self::Notification, Self::SubscriptionConfirmation, Self::UnsubscribeConfirmation];
        all.into_iter().find(|kind| kind.as_str() == text)
    }
}

impl fmt::Display for LetterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A letter, its texts to the letter as they came. Has no `Debug`: its payload, its token and its addresses do not
/// belong in logs.
pub(crate) struct Letter {
    pub(crate) kind: LetterKind,
    pub(crate) message_id: String,
    pub(crate) topic_arn: String,
    pub(crate) subject: Option<String>,
    pub(crate) message: String,
    /// As it came: written anew it would not be what was signed.
    pub(crate) timestamp: String,
    pub(crate) token: Option<String>,
    pub(crate) subscribe_url: Option<String>,
    pub(crate) signature_version: String,
    pub(crate) signature: String,
    pub(crate) certificate_url: String,
    /// Not signed.
    pub(crate) attributes: Option<Box<RawValue>>,
}

impl Letter {
    /// # Errors
    /// In which way it is none; never quoting it.
    pub(crate) fn read(body: &[u8]) -> Result<Self, Undecodable> {
        let text = std::str::from_utf8(body).map_err(|_| Undecodable::new("it is not UTF-8"))?;
        serde_json::from_str(text).map_err(|error| {
            // What serde says may quote the letter; what we say does not.
            let what = error.to_string();
            let own = what.strip_prefix(OURS).and_then(|rest| rest.split(" at line ").next());
            Undecodable::new(match own {
                Some(own) => own.to_owned(),
                None => format!("it is not a letter of SNS, at line {} column {}", error.line(), error.column()),
            })
        })
    }
}

/// Begins what is ours of serde's errors.
const OURS: &str = "melange: ";

fn refuse<E: serde::de::Error>(what: &str) -> E {
    E::custom(format_args!("{OURS}{what}"))
}

impl<'de> Deserialize<'de> for Letter {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Keys)
    }
}

/// The texts of a letter, as they are found.
#[derive(Default)]
struct Found {
    texts: [Option<String>; NAMES.len()],
    attributes: Option<Box<RawValue>>,
}

/// What is text in a letter, by the keys of SNS.
const NAMES: [&str; 11] = [
    "Type",
    "MessageId",
    "TopicArn",
    "Subject",
    "Message",
    "Timestamp",
    "Token",
    "SubscribeURL",
    "SignatureVersion",
    "Signature",
    "SigningCertURL",
];

struct Keys;

impl<'de> Visitor<'de> for Keys {
    type Value = Letter;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Letter, A::Error> {
        let mut found = Found::default();
        let mut seen = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            if seen.len() >= MOST_KEYS {
                return Err(refuse("it has more keys than any letter of SNS"));
            }
            if seen.contains(&key) {
                return Err(refuse("a key stands in it twice"));
            }
            if let Some(at) = NAMES.iter().position(|name| *name == key) {
                let text = map.next_value::<Option<String>>()?;
                if let Some(slot) = found.texts.get_mut(at) {
                    *slot = text;
                }
            } else if key == "MessageAttributes" {
                let raw = map.next_value::<Box<RawValue>>()?;
                // Raw JSON is taken as it is, however deep.
                shallow::check(raw.get(), DEPTH).map_err(|_| refuse::<A::Error>("its attributes are none of SNS"))?;
                found.attributes = Some(raw).filter(|raw| raw.get() != "null");
            } else {
                map.next_value_seed(Shallow(DEPTH))?;
            }
            seen.insert(key);
        }
        found.letter().map_err(A::Error::custom)
    }
}

impl Found {
    fn letter(mut self) -> Result<Letter, String> {
        let mut take = |name: &str| {
            let at = NAMES.iter().position(|known| *known == name)?;
            self.texts.get_mut(at)?.take()
        };
        let missing = |name: &str| format!("{OURS}it is not a letter of SNS: it has no `{name}`");
        let mut need = |name: &str| take(name).ok_or_else(|| missing(name));
        let kind = need("Type")?;
        let kind = LetterKind::of(&kind).ok_or(format!("{OURS}its `Type` is none of SNS"))?;
        let letter = Letter {
            kind,
            message_id: need("MessageId")?,
            topic_arn: need("TopicArn")?,
            message: need("Message")?,
            timestamp: need("Timestamp")?,
            signature_version: need("SignatureVersion")?,
            signature: need("Signature")?,
            certificate_url: need("SigningCertURL")?,
            subject: need("Subject").ok(),
            token: need("Token").ok(),
            subscribe_url: need("SubscribeURL").ok(),
            attributes: self.attributes,
        };
        if kind != LetterKind::Notification {
            for (name, text) in [("Token", &letter.token), ("SubscribeURL", &letter.subscribe_url)] {
                text.as_ref().ok_or_else(|| missing(name))?;
            }
        }
        Ok(letter)
    }
}

#[cfg(test)]
mod tests;
