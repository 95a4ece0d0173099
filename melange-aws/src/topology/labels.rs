//! What resources are called in Terraform and in CloudFormation. A resource that is renamed is deleted and made anew, with all
//! that is in it: so a name depends on nothing but the name on AWS, and no two names become one.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

const FIFO: &str = "_fifo";
/// The ending of a dead-letter queue.
const DEAD_LETTERS: &str = "__dead_letters";

/// `name` as an identifier of Terraform: letters, digits, `_` and `-`, not beginning with a digit or `-`.
pub(super) fn terraform(name: &str) -> String {
    let mut label = match name.strip_suffix(".fifo") {
        Some(base) => format!("{base}{FIFO}"),
        // `orders_fifo` must not become what `orders.fifo` is.
        None if [FIFO, DEAD_LETTERS].iter().any(|end| name.trim_end_matches('_').ends_with(end)) => format!("{name}_"),
        None => name.to_owned(),
    };
    // Nor `_1` what `1` is.
    if !label.starts_with(|c: char| c.is_ascii_alphabetic()) {
        label.insert(0, '_');
    }
    label
}

/// Of the dead-letter queue of the queue `name`.
pub(super) fn terraform_dead_letters(name: &str) -> String {
    format!("{}{DEAD_LETTERS}", terraform(name))
}

/// Of a subscription, or of what else has two names.
pub(super) fn terraform_pair(one: &str, other: &str) -> String {
    // Two underscores, and a name with two of them is told apart by a hash.
    let label = format!("{}__{}", terraform(one), terraform(other));
    if [one, other].iter().any(|name| name.contains("__") || name.starts_with('_') || name.ends_with('_')) {
        return format!("{label}-{}", hash(&[one, other]));
    }
    label
}

/// `names` as a logical id of CloudFormation, which has letters and digits only: in camel case, with a hash where that
/// could be another name's too.
pub(super) fn cloudformation(names: &[&str], kind: &str) -> String {
    /// CloudFormation allows 255.
    const LONGEST: usize = 180;
    let camel: String = names.iter().map(|name| camel(name)).collect::<Vec<_>>().join("From");
    let plain = names.iter().all(|name| is_plain(name)) && camel.len() <= LONGEST;
    let room: String = camel.chars().take(LONGEST).collect();
    if plain { format!("{room}{kind}") } else { format!("{room}{}{kind}", hash(names)) }
}

/// Whether its camel case is its alone: words of small letters and digits that begin with a letter.
fn is_plain(name: &str) -> bool {
    let base = name.strip_suffix(".fifo").unwrap_or(name);
    let word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    // These are what the ending and the middle of other names look like.
    base.split('-').all(|part| word(part) && !["fifo", "from"].contains(&part))
}

fn camel(name: &str) -> String {
    let mut camel = String::new();
    for word in name.split(|c: char| !c.is_ascii_alphanumeric()) {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        camel.extend(letters);
    }
    camel
}

fn hash(names: &[&str]) -> String {
    let mut hex = String::new();
    for byte in Sha256::digest(names.join("\n").as_bytes()).iter().take(4) {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn they_read_as_the_names_do() {
        assert_eq!(terraform("order-events"), "order-events");
        assert_eq!(terraform("orders.fifo"), "orders_fifo");
        assert_eq!(terraform_pair("billing", "orders.fifo"), "billing__orders_fifo");
        assert_eq!(cloudformation(&["order-events"], "Topic"), "OrderEventsTopic");
        assert_eq!(cloudformation(&["billing.fifo", "orders"], "Subscription"), "BillingFifoFromOrdersSubscription");
        assert!(cloudformation(&[&"x".repeat(256)], "Topic").len() < 255);
    }

    /// Names as SNS and SQS allow them, and near to each other.
    fn name() -> impl Strategy<Value = String> {
        prop_oneof![
            "[ab]?(__dead_letters|_fifo)?_?(\\.fifo)?",
            "[a-b_1-]{1,6}(\\.fifo)?",
            "(a|A)(-|_|--|__)?(b|from|fifo)(-|_)?(from-b|b|fifo)?(\\.fifo)?"
        ]
    }

    proptest! {
        #[test]
        fn no_two_names_become_one(a in (name(), name()), b in (name(), name())) {
            prop_assert_eq!(terraform(&a.0) == terraform(&b.0), a.0 == b.0);
            prop_assert_ne!(terraform(&a.0), terraform_dead_letters(&b.0));
            let pairs = [&a, &b].map(|(one, other)| terraform_pair(one, other));
            prop_assert_eq!(pairs[0] == pairs[1], a == b);
            let ids = [&a, &b].map(|(one, _)| cloudformation(&[one], "Topic"));
            prop_assert_eq!(ids[0] == ids[1], a.0 == b.0);
            let ids = [&a, &b].map(|(one, other)| cloudformation(&[one, other], "Subscription"));
            prop_assert_eq!(ids[0] == ids[1], a == b);
        }

        #[test]
        fn they_are_legal(name in name(), other in name()) {
            for label in [terraform(&name), terraform_pair(&name, &other)] {
                prop_assert!(label.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'), "{}", label);
                prop_assert!(label.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-'), "{}", label);
            }
            let id = cloudformation(&[&name, &other], "Subscription");
            prop_assert!(id.chars().all(|c| c.is_ascii_alphanumeric()), "{}", id);
        }
    }
}
