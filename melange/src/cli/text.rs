//! Text from elsewhere, on its way to a terminal.

use std::borrow::Cow;
use std::fmt::Write as _;

/// `text` without what a terminal would take for commands: control characters other than line ends and tabs are written as
/// `\u{1b}`.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    let is_command = |c: char| c.is_control() && c != '\n' && c != '\t';
    if !text.contains(is_command) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_command(c) {
            // Writing to a String cannot fail.
            let _ = write!(plain, "{}", c.escape_unicode());
        } else {
            plain.push(c);
        }
    }
    Cow::Owned(plain)
}

/// `json` over several lines, each value as it is spelled: parsed and written anew, keys would change places and large
/// numbers their digits.
pub(super) fn pretty(json: &str) -> String {
    let mut to = String::with_capacity(json.len() * 2);
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    let mut all = json.chars().peekable();
    let line = |to: &mut String, depth: usize| {
        to.push('\n');
        to.extend(std::iter::repeat_n("  ", depth));
    };
    while let Some(c) = all.next() {
        if in_text {
            in_text = escaped || c != '"';
            escaped = c == '\\' && !escaped;
            to.push(c);
            continue;
        }
        match c {
            '"' => {
                in_text = true;
                to.push(c);
            }
            '{' | '[' => {
                while all.next_if(char::is_ascii_whitespace).is_some() {}
                to.push(c);
                if let Some(end) = all.next_if(|next| matches!(next, '}' | ']')) {
                    to.push(end);
                } else {
                    depth += 1;
                    line(&mut to, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut to, depth);
                to.push(c);
            }
            ',' => {
                to.push(c);
                line(&mut to, depth);
            }
            ':' => to.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => to.push(c),
        }
    }
    to
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_spelled_out() {
        assert_eq!(printable("ünïcode\n\tstays"), "ünïcode\n\tstays");
        assert_eq!(printable("\u{1b}[31mred\u{7}"), "\\u{1b}[31mred\\u{7}");
        assert_eq!(printable("\u{9b}31m"), "\\u{9b}31m");
    }

    #[test]
    fn json_is_laid_out_and_not_changed() {
        let json = r#"{"b":[1, 18446744073709551616,{}],"a":{"x":"a, \"b\": {}\\"},"e":[ ]}"#;
        let text = "{\n  \"b\": [\n    1,\n    18446744073709551616,\n    {}\n  ],\n  \"a\": {\n    \"x\": \"a, \\\"b\\\": {}\\\\\"\n  },\n  \"e\": []\n}";
        assert_eq!(pretty(json), text);
        assert_eq!(pretty(&pretty(json)), text);
        assert_eq!(pretty("7"), "7");
    }
}
