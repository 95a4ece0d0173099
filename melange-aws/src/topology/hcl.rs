//! Writing HCL, as `terraform fmt` would lay it out.

use std::fmt::Write as _;

use serde_json::Value;

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Hcl {
    /// As it is: a reference, a template that is quoted already.
    Raw(String),
    Text(String),
    List(Vec<Hcl>),
    Object(Vec<(String, Hcl)>),
    /// A function of one argument.
    Call(&'static str, Box<Hcl>),
}

/// A block: its head, as in `resource "aws_sns_topic" "orders"`, and what is in it.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) head: String,
    pub(super) attributes: Vec<(String, Hcl)>,
    pub(super) blocks: Vec<Block>,
}

impl Hcl {
    pub(super) fn raw(text: impl Into<String>) -> Self {
        Self::Raw(text.into())
    }

    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// The value, whose texts are looked up first: `known` says what stands for one. Keys are sorted.
    pub(super) fn of(value: &Value, known: &impl Fn(&str) -> Option<Self>) -> Self {
        match value {
            Value::String(text) => known(text).unwrap_or_else(|| Self::text(text)),
            Value::Array(all) => Self::List(all.iter().map(|value| Self::of(value, known)).collect()),
            Value::Object(object) => {
                let mut all: Vec<_> = object.iter().map(|(key, value)| (key.clone(), Self::of(value, known))).collect();
                all.sort_by(|(a, _), (b, _)| a.cmp(b));
                Self::Object(all)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => Self::Raw(value.to_string()),
        }
    }

    pub(super) fn json(value: &Value, known: &impl Fn(&str) -> Option<Self>) -> Self {
        Self::Call("jsonencode", Box::new(Self::of(value, known)))
    }

    fn written(&self, depth: usize) -> String {
        match self {
            Self::Raw(text) => text.clone(),
            Self::Text(text) => quoted(text),
            Self::Call(function, argument) => format!("{function}({})", argument.written(depth)),
            Self::List(all) if all.is_empty() => "[]".to_owned(),
            Self::List(all) => {
                let all: Vec<String> = all.iter().map(|value| value.written(depth + 1)).collect();
                if let [one] = all.as_slice()
                    && !one.contains('\n')
                {
                    return format!("[{one}]");
                }
                let lines: String = all.iter().map(|one| format!("{}{one},\n", indent(depth + 1))).collect();
                format!("[\n{lines}{}]", indent(depth))
            }
            Self::Object(all) if all.is_empty() => "{}".to_owned(),
            Self::Object(all) => {
                let keyed: Vec<(String, String)> =
                    all.iter().map(|(key, value)| (key_of(key), value.written(depth + 1))).collect();
                format!("{{\n{}{}}}", aligned(&keyed, depth + 1), indent(depth))
            }
        }
    }
}

impl Block {
    pub(super) fn new(head: impl Into<String>) -> Self {
        Self { head: head.into(), attributes: Vec::new(), blocks: Vec::new() }
    }

    pub(super) fn with(mut self, name: impl Into<String>, value: Hcl) -> Self {
        self.attributes.push((name.into(), value));
        self
    }

    pub(super) fn with_block(mut self, block: Self) -> Self {
        self.blocks.push(block);
        self
    }

    pub(super) fn written(&self, depth: usize) -> String {
        let head = format!("{}{} {{", indent(depth), self.head);
        if self.attributes.is_empty() && self.blocks.is_empty() {
            return format!("{head}}}\n");
        }
        let attributes: Vec<(String, String)> =
            self.attributes.iter().map(|(name, value)| (name.clone(), value.written(depth + 1))).collect();
        let mut body = aligned(&attributes, depth + 1);
        for block in &self.blocks {
            if !body.is_empty() {
                body.push('\n');
            }
            body.push_str(&block.written(depth + 1));
        }
        format!("{head}\n{body}{}}}\n", indent(depth))
    }
}

/// A line for each, with the `=` of neighbours below each other, as far as their values are on one line.
fn aligned(all: &[(String, String)], depth: usize) -> String {
    let mut text = String::new();
    let is_short = |(_, value): &&(String, String)| !value.contains('\n');
    let mut rest = all;
    while let Some((name, value)) = rest.first() {
        let run = rest.iter().take_while(is_short).count();
        let (now, later) = rest.split_at(run.max(1));
        let width = now.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
        if run == 0 {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{}{name} = {value}", indent(depth));
        }
        for (name, value) in now.iter().take(run) {
            let _ = writeln!(text, "{}{name:width$} = {value}", indent(depth));
        }
        rest = later;
    }
    text
}

fn indent(depth: usize) -> String {
    "  ".repeat(depth)
}

fn key_of(key: &str) -> String {
    let plain = key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    // These words are more than names at this place.
    if plain && !["for", "if", "in", "null", "true", "false"].contains(&key) { key.to_owned() } else { quoted(key) }
}

/// As a quoted template in which nothing is a template.
/// Source: the specification of HCL's native syntax, template literals.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '$' | '%' if rest.peek() == Some(&'{') => quoted.extend([c, c]),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_a_template() {
        assert_eq!(quoted("a\"b\\c\n${d}%{e}$$f%"), r#""a\"b\\c\n$${d}%%{e}$$f%""#);
        assert_eq!(quoted("\u{1}"), "\"\\u0001\"");
    }

    #[test]
    fn neighbours_are_aligned_until_a_value_has_several_lines() {
        let block = Block::new("resource \"x\" \"y\"")
            .with("name", Hcl::text("a"))
            .with("visibility", Hcl::raw("30"))
            .with("tags", Hcl::Object(vec![("aws:x".to_owned(), Hcl::text("1")), ("b".to_owned(), Hcl::text("2"))]))
            .with("on", Hcl::List(vec![Hcl::raw("x.y")]));
        assert_eq!(
            block.written(0),
            "resource \"x\" \"y\" {\n  name       = \"a\"\n  visibility = 30\n  tags = {\n    \"aws:x\" = \"1\"\n    \
             b       = \"2\"\n  }\n  on = [x.y]\n}\n"
        );
    }
}
