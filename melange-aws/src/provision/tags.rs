//! Tags: what is missing, and never what is to go.

use std::collections::BTreeMap;

use super::change::Value;

type Tags = BTreeMap<String, String>;

/// Those of `wanted` that are not there, whatever their value: a topic is tagged by several services, and if two of them
/// want different values, the first one stays.
pub(super) fn missing(wanted: &Tags, present: &Tags) -> Tags {
    wanted.iter().filter(|(key, _)| !present.contains_key(*key)).map(owned).collect()
}

/// Those of `wanted` that are not there with their value.
pub(super) fn differing(wanted: &Tags, present: &Tags) -> Tags {
    wanted.iter().filter(|(key, value)| present.get(*key) != Some(*value)).map(owned).collect()
}

/// For the diff.
pub(super) fn values(wanted: &Tags, present: &Tags) -> impl Iterator<Item = Value> {
    wanted.iter().map(|(key, value)| Value::new(format!("tag {key}"), present.get(key).map(String::as_str), value))
}

/// For a sentence.
pub(super) fn named(tags: &Tags) -> String {
    let named: Vec<String> = tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
    format!("tag{} {}", if tags.len() == 1 { "" } else { "s" }, named.join(", "))
}

fn owned((key, value): (&String, &String)) -> (String, String) {
    (key.clone(), value.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(tags: &[(&str, &str)]) -> Tags {
        tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_others_put_there_is_nobodys_business() {
        let present = tags(&[("team", "orders"), ("theirs", "x")]);
        let wanted = tags(&[("team", "billing"), ("stage", "live")]);
        assert_eq!(missing(&wanted, &present), tags(&[("stage", "live")]));
        assert_eq!(differing(&wanted, &present), wanted);
        assert!(differing(&tags(&[("team", "orders")]), &present).is_empty());
        assert_eq!(named(&wanted), "tags stage=live, team=billing");
    }
}
