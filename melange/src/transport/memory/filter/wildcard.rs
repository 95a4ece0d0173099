//! A `wildcard` matcher: `*` stands for any characters, or none.
//!
//! Source: the SNS developer guide, filter policy constraints, wildcard pattern usage guidelines.

use serde_json::Value;

/// Most of a pattern.
const MOST_WILDCARDS: usize = 3;
/// Most points of a policy.
const MOST_POINTS: usize = 100;

/// A text in which `*` stands for any characters, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wildcard(String);

impl Wildcard {
    pub(super) fn parse(pattern: String) -> Result<Self, String> {
        let pattern = Self(pattern);
        match pattern.count() {
            0..=MOST_WILDCARDS => Ok(pattern),
            count => Err(format!("`wildcard` has {count} `*`, where {MOST_WILDCARDS} are the most")),
        }
    }

    fn count(&self) -> usize {
        self.0.matches('*').count()
    }

    /// More than one costs three each.
    fn points(&self) -> usize {
        match self.count() {
            count @ (0 | 1) => count,
            count => 3 * count,
        }
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        let Some((head, pattern)) = self.0.split_once('*') else { return self.0 == text };
        let Some(mut text) = text.strip_prefix(head) else { return false };
        let (middle, tail) = pattern.rsplit_once('*').map_or((None, pattern), |(middle, tail)| (Some(middle), tail));
        // What comes first is taken first: that leaves the most to what follows.
        for part in middle.into_iter().flat_map(|middle| middle.split('*')) {
            let Some((_, rest)) = text.split_once(part) else { return false };
            text = rest;
        }
        text.ends_with(tail)
    }
}

/// How much a policy costs that has wildcards in it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Points {
    all: usize,
    /// Without any, none are counted.
    has_wildcards: bool,
}

impl Points {
    /// Of the matchers of one key: of each `*`, and of each `anything-but`, multiplied with how many such matchers there are.
    pub(super) fn add(&mut self, values: &[Value]) {
        let (mut sum, mut patterns) = (0, 0);
        for value in values {
            let (but, inner) = (value.get("anything-but").is_some(), value.get("anything-but").unwrap_or(value));
            let wildcard = inner.get("wildcard").and_then(Value::as_str).map(|pattern| Wildcard(pattern.to_owned()));
            self.has_wildcards |= wildcard.is_some();
            patterns += usize::from(but || wildcard.is_some());
            sum += usize::from(but) + wildcard.map_or(0, |wildcard| wildcard.points());
        }
        self.all = self.all.saturating_add(sum * patterns);
    }

    pub(super) fn check(self) -> Result<(), String> {
        if self.has_wildcards && self.all > MOST_POINTS {
            return Err(format!(
                "its wildcards cost {} points, where {MOST_POINTS} are the most: of a key, one for each `*` and `anything-but`, \
                 three where a pattern has several, multiplied with how many such matchers it has",
                self.all
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_anything_and_nothing() {
        let matches = |pattern: &str, text| Wildcard::parse(pattern.to_owned()).unwrap().matches(text);
        for (pattern, text) in [
            ("order", "order"),
            ("*", ""),
            ("*", "any"),
            ("order-*", "order-"),
            ("*.txt", "a.b.txt"),
            ("a*z", "az"),
            ("a*z", "abcz"),
            ("*b*", "abc"),
            ("a*b*c", "a-b-b-c"),
            ("a*ab*b", "a-ab-bab"),
            ("**", "x"),
            ("é*é", "éé"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("order", "orders"),
            ("order-*", "order"),
            ("*.txt", "txt"),
            ("a*z", "abcy"),
            ("a*a", "a"),
            ("ab*ba", "aba"),
            ("*b*", "aac"),
            ("a*b*c", "a-c-b"),
            ("A*", "ab"),
        ] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }
}
