//! Texts that come from people are texts in each language, whatever is in them.

use melange_aws::AwsTopology;
use proptest::prelude::*;

use crate::program::{nowhere, registry};
use crate::resources::Resources;
use crate::{cloudformation, terraform};

fn tagged(key: &str, value: &str) -> AwsTopology {
    nowhere().queue("billing").tag(key, value).topology_of(&registry()).expect("it can be had")
}

fn tag_is(resources: &Resources, key: &str, value: &str) {
    let all: Vec<_> = resources.topics.values().chain(resources.queues.values()).collect();
    assert!(!all.is_empty());
    for made in all {
        assert_eq!(made.tags.get(key).map(String::as_str), Some(value), "{key:?}");
        assert_eq!(made.tags.len(), 1);
    }
}

fn is_text(key: &str, value: &str) {
    let topology = tagged(key, value);
    tag_is(&terraform::read(&topology.terraform()), key, value);
    tag_is(&cloudformation::read(&topology.cloudformation()), key, value);
}

#[test]
fn no_text_is_taken_for_more() {
    for text in [
        "${var.secret}",
        "%{ if true }x%{ endif }",
        "$${x}",
        "$$${x}",
        "%%{x}",
        "\"}\nresource \"x\" \"y\" {",
        "a\\\"b",
        "\\u0041",
        "tab\there",
        "<<EOT",
        "# no comment",
        "${",
        "$",
        "{\"a\":1}",
        "for",
        "null",
        "日本 é 🎉",
    ] {
        is_text("team", text);
        is_text(text, "billing");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_it_is(key in "[^\\p{Cc}]{1,20}", value in "([$%{}\"\\\\~\n#/*]|[^\\p{Cc}]){0,20}") {
        prop_assume!(!key.to_ascii_lowercase().starts_with("aws:"));
        is_text(&key, &value);
    }
}
