//! Whether a function stands in an impl block or a trait, where its hidden type cannot be declared.
//!
//! An attribute is given the function alone, and the compiler's own errors would speak of a struct that the user never wrote. So
//! the file is looked into, for this one question. Where it cannot be read, the answer is no, and the compiler speaks.

use std::fs;

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};

/// What the place is marked with: no program has this name in it.
pub(super) const HERE: &str = "__melange_here";

/// What the token at `span` stands in the braces of: `impl` or `trait`, or else nothing.
pub(crate) fn block(span: Span) -> Option<&'static str> {
    let (file, line, column) = place(span)?;
    block_at(&file, line, column)
}

/// The file of a token with the mark before it, if it is one of `these`.
pub(super) fn file(span: Span, these: impl Fn(&str) -> bool) -> Option<TokenStream> {
    let (file, line, column) = place(span)?;
    if these(&file) { mark(&file, line, column) } else { None }
}

/// The file that a token stands in, and where.
fn place(span: Span) -> Option<(String, usize, usize)> {
    if !proc_macro::is_available() {
        return None;
    }
    let span = span.unwrap();
    let file = fs::read_to_string(span.local_file()?).ok()?;
    Some((file, span.line(), span.column()))
}

/// The same, of the token that begins at this line and column, both counted from 1.
fn block_at(file: &str, line: usize, column: usize) -> Option<&'static str> {
    // What is not indented stands in nothing, unless the block begins on that line or is not indented either: most functions, for
    // which nothing is parsed.
    let (before, rest) = file.split_at(line_start(file, line)?);
    let before_it: String = rest.chars().take(column.checked_sub(1)?).collect();
    let ends = |line: &&str| line.starts_with('}') || line.starts_with("impl") || line.contains("trait ");
    let last_end = || before.lines().rev().find(ends).unwrap_or_default();
    if !rest.starts_with(char::is_whitespace) && !before_it.contains('{') && !last_end().ends_with('{') {
        return None;
    }
    marked(mark(file, line, column)?).flatten()
}

fn line_start(file: &str, line: usize) -> Option<usize> {
    Some(file.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum())
}

/// The file's tokens with the mark at this line and column.
fn mark(file: &str, line: usize, column: usize) -> Option<TokenStream> {
    let (before, rest) = file.split_at(line_start(file, line)?);
    let (at, _) = rest.char_indices().nth(column.checked_sub(1)?)?;
    let (indent, rest) = rest.split_at(at);
    format!("{before}{indent} {HERE} {rest}").parse().ok()
}

/// What the mark stands in the braces of, if it is among these tokens: nothing, or an item's first word.
fn marked(tokens: TokenStream) -> Option<Option<&'static str>> {
    // The word that an item begins with, behind what may stand before it.
    let mut head = None;
    // Braces between angle brackets are a constant's.
    let (mut angles, mut arrow) = (0, false);
    for tree in tokens {
        let after_arrow = std::mem::take(&mut arrow);
        match tree {
            TokenTree::Ident(word) if word == HERE => return Some(None),
            TokenTree::Ident(word) if head.is_none() => {
                head = match word.to_string().as_str() {
                    "pub" | "unsafe" | "default" | "auto" => None,
                    "impl" => Some("impl"),
                    "trait" => Some("trait"),
                    _ => Some(""),
                };
            }
            TokenTree::Punct(punct) => match punct.as_char() {
                ';' => (head, angles) = (None, 0),
                '<' => angles += 1,
                '>' if !after_arrow => angles -= 1,
                '-' | '=' => arrow = true,
                _ => {}
            },
            TokenTree::Group(group) => {
                let is_body = group.delimiter() == Delimiter::Brace && angles <= 0;
                let is_here = |tree: TokenTree| matches!(tree, TokenTree::Ident(word) if word == HERE);
                if group.stream().into_iter().any(is_here) {
                    return Some(head.filter(|head| is_body && !head.is_empty()));
                }
                if let Some(found) = marked(group.stream()) {
                    return Some(found);
                }
                if is_body {
                    (head, angles) = (None, 0);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the first `fn here`.
    fn of(file: &str) -> Option<&'static str> {
        let before = &file[..file.find("fn here").unwrap()];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
        block_at(file, line, column)
    }

    #[test]
    fn functions_of_blocks_are_told_from_others() {
        for (file, block) in [
            ("impl A {\n    #[subscriber(x = 1)]\n    pub async fn here() {}\n}", Some("impl")),
            (
                "fn f() {}\n/// Doc.\n#[a] unsafe impl<'a, T: B<{ 3 }>> C for A<'a, T> where T: D {\n    fn here() {} }",
                Some("impl"),
            ),
            ("pub(crate) trait A: B {\n    const X: u8 = 1;\n    fn a(&self) {}\n    fn here() {}\n}", Some("trait")),
            (
                "mod m {\n    impl A {\n        fn a() { let x = '{'; \"}\"; }\n        // ü {{{\n        /* ü */ fn here() {}\n    }\n}",
                Some("impl"),
            ),
            ("macro_rules! m { ($t:ty) => {\n    impl $t {\n        fn here() {}\n    }\n} }", Some("impl")),
            ("impl A<fn() -> u8> for fn(u8) -> B {\n    fn here() {}\n}", Some("impl")),
            ("fn here() {}", None),
            ("impl A {}\nmod m {\n    fn here() {}\n}", None),
            ("impl A {\n    fn a() {\n        fn here() {}\n    }\n}", None),
            ("fn f() -> impl A {\n    fn here() {}\n}", None),
            ("macro_rules! m { () => {\n    fn here() {}\n} }", None),
            ("impl A {\n    made! {\n        fn here() {}\n    }\n}", None),
            ("impl A {\n    fn here() {}", None),
        ] {
            assert_eq!(of(file), block, "{file}");
        }
    }

    #[test]
    fn a_place_that_is_not_in_the_file_is_in_no_block() {
        for (line, column) in [(0, 0), (1, 0), (2, 99), (99, 1)] {
            assert_eq!(block_at("impl A {\n\n}", line, column), None, "{line}:{column}");
        }
    }
}
