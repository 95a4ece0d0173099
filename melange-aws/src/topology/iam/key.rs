//! The KMS key of the queues, as a policy can name it.

use serde_json::{Value, json};

use crate::names::{account_of, partition, region_of};
use crate::provision::{ACCOUNT, Model};

/// The KMS key of the queues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    /// Its ARN, or that of all keys where only its alias is known: a policy cannot name a key by its alias.
    arn: String,
    /// What of the ARN is not of the account and region; `None` where it was given as an ARN.
    relative: Option<String>,
    alias: Option<String>,
}

/// The key, if the queues have one. It is the same for all of a program.
pub(super) fn of(model: &Model) -> Option<Key> {
    let queue = model.queues.iter().find(|queue| queue.kms_key.is_some())?;
    let key = queue.kms_key.as_deref()?;
    let absolute = key.starts_with("arn:");
    let (region, account) =
        if absolute { (region_of(key), account_of(key)) } else { (region_of(&queue.arn), account_of(&queue.arn)) };
    let resource = if absolute { key.splitn(6, ':').nth(5).unwrap_or(key) } else { key };
    let alias = resource.starts_with("alias/").then(|| resource.to_owned());
    let relative = match &alias {
        Some(_) => "key/*".to_owned(),
        None => format!("key/{}", resource.strip_prefix("key/").unwrap_or(resource)),
    };
    let region = region.unwrap_or_default();
    let arn = format!("arn:{}:kms:{region}:{}:{relative}", partition(region), account.unwrap_or(ACCOUNT));
    Some(Key { arn, relative: (!absolute).then_some(relative), alias })
}

impl Key {
    pub(super) fn is_relative(&self) -> bool {
        self.relative.is_some()
    }

    pub(super) fn relative(&self, arn: &str) -> Option<&str> {
        self.relative.as_deref().filter(|_| arn == self.arn)
    }

    pub(super) fn arn(&self) -> &str {
        &self.arn
    }

    /// What narrows all keys down to that with the alias.
    /// Source: the KMS developer guide, controlling access with aliases.
    pub(super) fn condition(&self) -> Option<Value> {
        let alias = self.alias.as_deref()?;
        Some(json!({ "ForAnyValue:StringEquals": { "kms:ResourceAliases": alias } }))
    }
}
