//! JSON for people: indented, in the order it has on the wire, its words in colour.

use super::html::{Html, html};

/// Writes `json`, which is valid, with two spaces for each level.
pub(super) fn pretty(json: &str, page: &mut Html) {
    let mut depth = 0_usize;
    let mut rest = json;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => string_length(rest),
            '{' | '[' | '}' | ']' | ',' | ':' => 1,
            letter if letter.is_whitespace() => letter.len_utf8(),
            _ => rest.find([',', '}', ']', ' ', '\n', '\r', '\t']).unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        rest = after;
        match first {
            '{' | '[' => {
                html!(page; (token));
                let after = rest.trim_start();
                if after.starts_with(['}', ']']) {
                    html!(page; (after.get(..1).unwrap_or_default()));
                    rest = after.get(1..).unwrap_or_default();
                } else {
                    depth = depth.saturating_add(1);
                    line(depth, page);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(depth, page);
                html!(page; (token));
            }
            ',' => {
                html!(page; ",");
                line(depth, page);
            }
            ':' => {
                html!(page; ": ");
            }
            '"' if rest.trim_start().starts_with(':') => {
                html!(page; "<b>" (token) "</b>");
            }
            '"' => {
                html!(page; "<i>" (token) "</i>");
            }
            letter if letter.is_whitespace() => {}
            _ => {
                html!(page; "<u>" (token) "</u>");
            }
        }
    }
}

fn line(depth: usize, page: &mut Html) {
    html!(page; "\n");
    for _ in 0..depth {
        html!(page; "  ");
    }
}

/// The bytes of the string that `json` begins with, quotes included.
fn string_length(json: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in json.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    json.len()
}

#[cfg(test)]
mod tests {
    use super::super::html::Html;
    use super::pretty;

    #[test]
    fn order_is_kept_and_levels_are_indented() {
        let mut page = Html::default();
        pretty(r#"{"b":[1,-2.5e3,{}],"a":"x\"},<","c":null,"d":[]}"#, &mut page);
        let plain = page.into_string().replace("<b>", "").replace("</b>", "");
        assert_eq!(
            plain,
            "{\n  &quot;b&quot;: [\n    <u>1</u>,\n    <u>-2.5e3</u>,\n    {}\n  ],\n  &quot;a&quot;: <i>&quot;x\\&quot;},&lt;&quot;</i>,\n  \
             &quot;c&quot;: <u>null</u>,\n  &quot;d&quot;: []\n}"
        );
    }
}
