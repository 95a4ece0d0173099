//! Doc comments: paragraphs, and words in backticks. Other Markdown stands as it was written.

use super::html::{Html, html};

/// The paragraphs of `text`.
pub(super) fn paragraphs(text: &str, page: &mut Html) {
    for paragraph in text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty()) {
        html!(page; "<p>");
        line(paragraph, page);
        html!(page; "</p>");
    }
}

/// Text in which what is between backticks is code.
pub(super) fn line(text: &str, page: &mut Html) {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('`') {
        let Some((code, after)) = after.split_once('`') else { break };
        html!(page; (before) "<code>" (code) "</code>");
        rest = after;
    }
    html!(page; (rest));
}

#[cfg(test)]
mod tests {
    use super::super::html::Html;
    use super::paragraphs;

    #[test]
    fn code_and_paragraphs_are_seen_and_the_rest_is_text() {
        let mut page = Html::default();
        paragraphs("Wait for `A<B>`.\n\n<b>`", &mut page);
        assert_eq!(page.into_string(), "<p>Wait for <code>A&lt;B&gt;</code>.</p><p>&lt;b&gt;`</p>");
    }
}
