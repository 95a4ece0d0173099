//! How two values of an attribute differ, for people.

use serde_json::Value;

/// Above this many pairs of lines a value is shown as new.
const MOST_PAIRS: usize = 1_000_000;

/// The lines that go, with `-`, and those that come, with `+`. JSON is broken into lines first.
pub(super) fn lines(now: &str, wanted: &str) -> Vec<(char, String)> {
    let (now, wanted) = (broken(now), broken(wanted));
    if now.len().saturating_mul(wanted.len()) > MOST_PAIRS {
        return all('-', now).chain(all('+', wanted)).collect();
    }
    // For each pair of places, how many lines the rests have in common.
    let width = wanted.len() + 1;
    let mut common = vec![0_usize; (now.len() + 1) * width];
    for (i, old) in now.iter().enumerate().rev() {
        for (j, new) in wanted.iter().enumerate().rev() {
            common[i * width + j] = if old == new {
                common[(i + 1) * width + j + 1] + 1
            } else {
                common[(i + 1) * width + j].max(common[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut lines = Vec::new();
    while i < now.len() || j < wanted.len() {
        if i < now.len() && j < wanted.len() && now[i] == wanted[j] {
            (i, j) = (i + 1, j + 1);
        } else if j == wanted.len() || i < now.len() && common[(i + 1) * width + j] >= common[i * width + j + 1] {
            lines.push(('-', now[i].clone()));
            i += 1;
        } else {
            lines.push(('+', wanted[j].clone()));
            j += 1;
        }
    }
    lines
}

fn all(sign: char, lines: Vec<String>) -> impl Iterator<Item = (char, String)> {
    lines.into_iter().map(move |line| (sign, line))
}

/// JSON with a line for each value, and without the commas, which would make the line before a new one differ too.
fn broken(text: &str) -> Vec<String> {
    let pretty = match serde_json::from_str::<Value>(text) {
        Ok(value @ (Value::Object(_) | Value::Array(_))) => serde_json::to_string_pretty(&value).ok(),
        _ => None,
    };
    let text = pretty.as_deref().unwrap_or(text);
    let line = |line: &str| line.trim_end_matches(',').trim().to_owned();
    text.lines().map(line).filter(|line| !line.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(now: &str, wanted: &str) -> String {
        lines(now, wanted).iter().map(|(sign, line)| format!("{sign} {line}\n")).collect()
    }

    #[test]
    fn only_what_differs_is_shown() {
        assert_eq!(shown(r#"{"event_type":["A","C"]}"#, r#"{"event_type":["A","B","C","D"]}"#), "+ \"B\"\n+ \"D\"\n");
        assert_eq!(shown(r#"{"event_type":["A"]}"#, r#"{"event_type":["B"]}"#), "- \"A\"\n+ \"B\"\n");
        assert_eq!(shown("10", "30"), "- 10\n+ 30\n");
        assert_eq!(shown("", "30"), "+ 30\n");
        assert_eq!(shown("same", "same"), "");
    }

    #[test]
    fn what_is_huge_is_shown_as_new() {
        let long = |what: &str| serde_json::json!(vec![what; 1500]).to_string();
        assert_eq!(lines(&long("a"), &long("b")).len(), 2 * 1502);
    }
}
