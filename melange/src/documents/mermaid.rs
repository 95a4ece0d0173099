//! The topology as a Mermaid flowchart.

use std::fmt::Write;

use super::view::View;

/// Events, topics, queues and subscribers, from left to right.
pub(super) fn flowchart(view: &View) -> String {
    let mut chart = String::from("flowchart LR\n");
    let mut line = |text: String| {
        let _ = writeln!(chart, "    {text}");
    };
    for (at, event) in view.events.iter().enumerate() {
        line(format!("e{at}([{}]):::event", quoted(&event.descriptor.to_string())));
    }
    for (at, topic) in view.topics.iter().enumerate() {
        line(format!("t{at}{{{{{}}}}}:::topic", quoted(&topic.name)));
    }
    for (at, queue) in view.queues.iter().enumerate() {
        line(format!("q{at}[({})]:::queue", quoted(&queue.name)));
    }
    for (at, subscriber) in view.subscribers.iter().enumerate() {
        line(format!("s{at}[{}]:::subscriber", quoted(subscriber.name)));
    }
    for (from, to, is_sent) in view.edges() {
        let arrow = if is_sent { "-->" } else { "-.->" };
        line(format!("{from} {arrow} {to}"));
    }
    line("classDef event fill:#fff4e5,stroke:#b45309,color:#451a03".to_owned());
    line("classDef topic fill:#f3e8ff,stroke:#7e22ce,color:#3b0764".to_owned());
    line("classDef queue fill:#e0f2fe,stroke:#0369a1,color:#082f49".to_owned());
    line("classDef subscriber fill:#ecfdf5,stroke:#047857,color:#022c22".to_owned());
    chart
}

/// A label that Mermaid shows as it stands: what means something to it, or to HTML, by its number.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        if letter.is_alphanumeric() || matches!(letter, ' ' | '_' | '-' | '.' | ':' | '/') {
            quoted.push(letter);
        } else {
            let _ = write!(quoted, "#{};", u32::from(letter));
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn what_means_something_is_written_by_its_number() {
        assert_eq!(quoted("Order.v1 a_b"), "\"Order.v1 a_b\"");
        assert_eq!(quoted("a\"]<b>#`\n"), "\"a#34;#93;#60;b#62;#35;#96;#10;\"");
    }
}
