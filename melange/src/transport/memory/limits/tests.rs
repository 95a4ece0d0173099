use super::*;
use crate::transport::memory::fixture::message;

fn topic() -> Limits<'static> {
    Limits::topic("t", TOPIC_BYTES)
}

fn queue() -> Limits<'static> {
    Limits::queue("q", QUEUE_BYTES)
}

fn string(text: &str) -> AttributeValue {
    AttributeValue::String(text.to_owned())
}

fn number(text: &str) -> AttributeValue {
    AttributeValue::Number(text.to_owned())
}

fn kind(limits: Limits<'_>, message: &Outgoing) -> Option<RefusedKind> {
    limits.outgoing(message).err().map(|refused| refused.kind())
}

/// Whether both a topic and a queue take this attribute.
fn takes(name: &str, value: AttributeValue) -> bool {
    let message = Outgoing::new("x").attribute(name, value);
    let answers = [topic(), queue()].map(|limits| limits.outgoing(&message).is_ok());
    assert_eq!(answers[0], answers[1], "{name}");
    answers[0]
}

#[test]
fn the_size_counts_body_names_types_and_values() {
    // 3 for the name, 6 for "String", 2 for the value.
    for (limits, most) in [(topic(), TOPIC_BYTES), (queue(), QUEUE_BYTES), (Limits::topic("t", 1_024), 1_024)] {
        let message = |bytes: usize| Outgoing::new("x".repeat(bytes)).attribute("abc", string("12"));
        assert_eq!(kind(limits, &message(most - 11)), None);
        assert_eq!(kind(limits, &message(most - 10)), Some(RefusedKind::InvalidParameter));
    }
    assert_eq!(Outgoing::new("é").array("a", "[1]").size(), 2 + 1 + 12 + 3);
}

#[test]
fn only_some_characters_are_allowed() {
    for (c, allowed) in [
        ('\0', false),
        ('\u{1}', false),
        ('\u{8}', false),
        ('\t', true),
        ('\n', true),
        ('\u{b}', false),
        ('\u{c}', false),
        ('\r', true),
        ('\u{e}', false),
        ('\u{1f}', false),
        (' ', true),
        ('\u{7f}', true),
        ('\u{80}', true),
        ('\u{d7ff}', true),
        ('\u{e000}', true),
        ('\u{fffd}', true),
        ('\u{fffe}', false),
        ('\u{ffff}', false),
        ('\u{10000}', true),
        ('\u{10ffff}', true),
    ] {
        let wanted = (!allowed).then_some(RefusedKind::InvalidContents);
        for limits in [topic(), queue()] {
            assert_eq!(kind(limits, &Outgoing::new(format!("a{c}b"))), wanted, "{c:?}");
            let beside = Outgoing::new("x").attribute("a", string(&format!("a{c}b")));
            let wide = limits.is_topic && c > '\u{ffff}';
            assert_eq!(kind(limits, &beside), if wide { Some(RefusedKind::InvalidContents) } else { wanted }, "{c:?}");
        }
    }
    assert_eq!(kind(queue(), &Outgoing::new("")), Some(RefusedKind::InvalidParameter));
    let shown = queue().outgoing(&Outgoing::new("s3cret\u{fffe}")).unwrap_err().to_string();
    assert!(shown.contains("U+FFFE at byte 6") && !shown.contains("s3cret"), "{shown}");
}

#[test]
fn names_of_attributes_are_names() {
    for name in ["a", "A-b_c.d9", &"x".repeat(256), "awsome", "a.aws.b"] {
        assert!(takes(name, string("x")), "{name}");
    }
    for name in ["", "é", "a b", ".a", "a.", "a..b", "AWS.a", "aws.a", "Amazon.a", "aMaZoN.a", &"x".repeat(257)] {
        assert!(!takes(name, string("x")), "{name}");
    }
}

#[test]
fn values_are_of_their_type_and_not_empty() {
    assert!(!takes("a", string("")) && !takes("a", number("")) && !takes("a", AttributeValue::Binary(vec![])));
    assert!(takes("a", AttributeValue::Binary(vec![0, 255])));
    for (text, is) in [
        ("1", true),
        ("-1.5e3", true),
        ("007", true),
        (&"9".repeat(38), true),
        (&format!("0.{}1", "0".repeat(60)), true),
        (&format!("-{}{}", "9".repeat(38), "0".repeat(60)), true),
        (&format!("{}.{}", "9".repeat(38), "0".repeat(60)), true),
        (&format!("1{}1", "0".repeat(37)), false),
        (&"9".repeat(39), false),
        ("1e126", true),
        ("1e127", false),
        ("1e-128", true),
        ("1e-129", false),
        ("0", true),
        ("x", false),
        ("NaN", false),
        ("inf", false),
    ] {
        assert_eq!(takes("a", number(text)), is, "{text}");
    }
    for (data_type, is) in [
        ("String", true),
        ("String.isbn", true),
        ("String.Array", true),
        ("String.", false),
        ("Text", false),
        ("Number", false),
        ("string", false),
        (&format!("String.{}", "x".repeat(250)), false),
    ] {
        let message = Outgoing::new("x").labelled("a", data_type, string("1"));
        assert_eq!(queue().outgoing(&message).is_ok(), is, "{data_type}");
    }
}

#[test]
fn a_queue_takes_ten_attributes_and_a_topic_more() {
    let many = |n: usize| (0..n).fold(Outgoing::new("x"), |message, i| message.attribute(format!("a{i}"), string("x")));
    assert_eq!((kind(queue(), &many(10)), kind(queue(), &many(11))), (None, Some(RefusedKind::InvalidParameter)));
    assert_eq!(kind(topic(), &many(11)), None, "taken, and lost where it is delivered raw");
    let mut own = message("t", "x");
    for i in 0..10 {
        own.attributes.set(format!("a{i}"), string("x"));
    }
    let refused = topic().message(&own, &mut Checked::default()).unwrap_err();
    assert!(refused.to_string().contains("11 attributes"), "what a bus sends would not arrive: {refused}");
}

#[test]
fn a_bus_is_refused_what_others_are() {
    let refused = |body: &str| topic().message(&message("t", body), &mut Checked::default()).unwrap_err().kind();
    assert_eq!((refused(""), refused("\u{ffff}")), (RefusedKind::InvalidParameter, RefusedKind::InvalidContents));
    assert_eq!(refused(&"x".repeat(TOPIC_BYTES)), RefusedKind::InvalidParameter);
    topic().message(&message("t", "").typed(1), &mut Checked::default()).unwrap();
}

#[test]
fn names_of_topics_and_queues_and_ids_are_of_some_characters() {
    for (name, is) in [
        ("a", true),
        ("A-b_9", true),
        ("a.fifo", true),
        (".fifo", false),
        ("", false),
        ("a.b", false),
        ("é", false),
        ("a b", false),
        (&"x".repeat(80), true),
        (&"x".repeat(81), false),
        (&format!("{}.fifo", "x".repeat(75)), true),
        (&format!("{}.fifo", "x".repeat(76)), false),
    ] {
        assert_eq!(name_problem("queue", name, QUEUE_NAME).is_none(), is, "{name}");
    }
    for (id, is) in [
        ("a!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~z", true),
        ("", false),
        ("a b", false),
        ("é", false),
        (&"x".repeat(128), true),
        (&"x".repeat(129), false),
    ] {
        assert_eq!(is_id(id), is, "{id}");
    }
}
