//! The topology for Graphviz.

use std::fmt::Write;

use super::view::View;

/// Events, topics, queues and subscribers, from left to right.
pub(super) fn digraph(view: &View, title: &str) -> String {
    let mut graph = format!("digraph {} {{\n", quoted(title));
    let mut line = |text: String| {
        let _ = writeln!(graph, "    {text}");
    };
    line("rankdir=LR;".to_owned());
    line("node [fontname=\"Helvetica\", fontsize=11, style=filled];".to_owned());
    line("edge [color=\"#78716c\"];".to_owned());
    let node = |id: String, label: &str, shape: &str, fill: &str, stroke: &str| {
        format!("{id} [label={}, shape={shape}, fillcolor=\"{fill}\", color=\"{stroke}\"];", quoted(label))
    };
    for (at, event) in view.events.iter().enumerate() {
        line(node(format!("e{at}"), &event.descriptor.to_string(), "oval", "#fff4e5", "#b45309"));
    }
    for (at, topic) in view.topics.iter().enumerate() {
        line(node(format!("t{at}"), &topic.name, "hexagon", "#f3e8ff", "#7e22ce"));
    }
    for (at, queue) in view.queues.iter().enumerate() {
        line(node(format!("q{at}"), &queue.name, "cylinder", "#e0f2fe", "#0369a1"));
    }
    for (at, subscriber) in view.subscribers.iter().enumerate() {
        line(node(format!("s{at}"), subscriber.name, "box", "#ecfdf5", "#047857"));
    }
    for (from, to, is_sent) in view.edges() {
        let style = if is_sent { "" } else { " [style=dashed]" };
        line(format!("{from} -> {to}{style};"));
    }
    graph.push_str("}\n");
    graph
}

/// A string of the DOT language that shows as it stands: a backslash would begin an escape, such as `\N`.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            // Graphviz reads HTML's entities in labels.
            '&' => quoted.push_str("&amp;"),
            letter if letter.is_control() => quoted.push(' '),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn quotes_and_escapes_stand_for_themselves() {
        assert_eq!(quoted("a\"b\\N&lt;\n<c>"), "\"a\\\"b\\\\N&amp;lt;\\n<c>\"");
    }
}
