//! HTML in which nothing that a user wrote can be anything but text.

use std::fmt::{self, Display, Write};

/// A page, or a part of one.
#[derive(Default)]
pub(super) struct Html(String);

impl Html {
    /// Markup, which stands in this crate's source: see [`html!`].
    pub(super) fn markup(&mut self, markup: &'static str) {
        self.0.push_str(markup);
    }

    /// Text, or the value of an attribute in double quotes.
    pub(super) fn text(&mut self, text: impl Display) {
        let _ = write!(Escaped(&mut self.0), "{text}");
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }
}

/// Escapes what is written to it.
struct Escaped<'a>(&'a mut String);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for letter in text.chars() {
            match letter {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                // They would turn the text around them over, to look like something else.
                '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => self.0.push('\u{FFFD}'),
                // No HTML has a zero byte.
                '\0' => self.0.push('\u{FFFD}'),
                letter => self.0.push(letter),
            }
        }
        Ok(())
    }
}

/// Writes to an [`Html`]: literals are markup, what is in parentheses is text.
macro_rules! html {
    ($to:expr;) => {};
    ($to:expr; $markup:literal $($rest:tt)*) => {
        $to.markup($markup);
        $crate::documents::catalogue::html::html!($to; $($rest)*);
    };
    ($to:expr; ($text:expr) $($rest:tt)*) => {
        $to.text($text);
        $crate::documents::catalogue::html::html!($to; $($rest)*);
    };
}
pub(super) use html;

#[cfg(test)]
mod tests {
    use super::Html;

    #[test]
    fn text_stays_text() {
        let mut page = Html::default();
        html!(page; "<p title=\"" ("\" onclick=\"x") "\">" ("</p><script>&'\u{202E}\0") "</p>");
        assert_eq!(
            page.into_string(),
            "<p title=\"&quot; onclick=&quot;x\">&lt;/p&gt;&lt;script&gt;&amp;&#39;\u{FFFD}\u{FFFD}</p>"
        );
    }
}
