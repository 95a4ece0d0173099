//! Lists of options: `topic = "orders", local, retry(attempts = 3)`.
//!
//! What is between the commas is kept as it is; who reads an option says what it must be. So one wrong value is one
//! error, and the other options are still read.

use proc_macro2::{TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, Path, Token};

use crate::nearest::nearest;
use crate::option::{Opt, Value, parse_path};
use crate::problems::Problems;

/// The options that there are in one place.
pub(crate) struct Known {
    pub(crate) words: &'static [&'static str],
    /// Those whose value is any expression, and which may be given several times.
    pub(crate) expressions: &'static [&'static str],
    /// One of them, as it is written.
    pub(crate) example: &'static str,
    /// What to do with a word that has its place elsewhere.
    pub(crate) elsewhere: fn(&str) -> Option<String>,
}

/// Options, and paths that stand among them alone.
pub(crate) struct Options {
    known: &'static Known,
    options: Vec<Opt>,
    paths: Vec<Path>,
}

impl Options {
    pub(crate) fn none(known: &'static Known) -> Self {
        Self { known, options: Vec::new(), paths: Vec::new() }
    }

    /// Reads `tokens`; each option that cannot be read is noted as one problem.
    pub(crate) fn parse(tokens: TokenStream, known: &'static Known, problems: &mut Problems) -> Self {
        let mut options = Self::none(known);
        options.extend(tokens, problems);
        options
    }

    /// Reads more of them.
    pub(crate) fn extend(&mut self, tokens: TokenStream, problems: &mut Problems) {
        let read = |input: ParseStream<'_>| -> syn::Result<()> {
            while !input.is_empty() {
                if let Err(error) = self.item(input) {
                    problems.add(error);
                    while !input.is_empty() && !input.peek(Token![,]) {
                        input.parse::<TokenTree>()?;
                    }
                }
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(())
        };
        let result = read.parse2(tokens);
        problems.ok(result);
    }

    fn item(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        if input.peek(Ident::peek_any) && !input.peek2(Token![::]) && !input.peek2(Token![<]) {
            let key = input.call(Ident::parse_any)?;
            let is_expression = self.known.expressions.contains(&key.to_string().as_str());
            let value = if is_expression { Value::expression(&key, input)? } else { Value::parse(&key, input)? };
            self.options.push(Opt { key, value });
        } else if input.peek(Ident::peek_any) || input.peek(Token![::]) {
            self.paths.push(input.call(parse_path)?);
        } else {
            return Err(input.error(format!("expected an option, such as `{}`", self.known.example)));
        }
        Ok(())
    }

    /// The paths that stand alone, and the words that can be nothing else.
    pub(crate) fn take_paths(&mut self) -> Vec<Path> {
        let mut paths = std::mem::take(&mut self.paths);
        let words = self.known.words;
        self.options.retain(|option| {
            let word = option.key.to_string();
            let is_type = word.starts_with(char::is_uppercase) || word.starts_with("r#");
            let is_path = is_type || !words.contains(&word.as_str()) && nearest(&word, words).is_none();
            let alone = matches!(option.value, Value::None);
            if is_path && alone {
                paths.push(Path::from(option.key.clone()));
            }
            !(is_path && alone)
        });
        paths
    }

    /// Notes options that are not known, that come twice, and paths. What is left is known and single.
    pub(crate) fn into_known(mut self, problems: &mut Problems) -> Vec<Opt> {
        for path in &self.paths {
            problems.at(path, format!("expected an option: {}", list(self.known.words)));
        }
        let mut seen: Vec<String> = Vec::new();
        self.options.retain(|option| {
            let key = option.key.to_string();
            let is_known = self.known.words.contains(&key.as_str());
            let is_new = !seen.contains(&key) || self.known.expressions.contains(&key.as_str());
            if !is_known {
                problems.at(&option.key, self.known.unknown(&key));
            } else if !is_new {
                problems.at(&option.key, format!("`{key}` is given twice: keep one"));
            }
            seen.push(key);
            is_known && is_new
        });
        self.options
    }
}

impl Known {
    /// What to say of an unknown option.
    fn unknown(&self, key: &str) -> String {
        let there_are = list(self.words);
        match ((self.elsewhere)(key), nearest(key, self.words)) {
            (Some(elsewhere), _) => elsewhere,
            (None, Some(meant)) => format!("unknown option `{key}`: did you mean `{meant}`? There are {there_are}"),
            (None, None) => format!("unknown option `{key}`: there are {there_are}"),
        }
    }
}

fn list(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use quote::{ToTokens, quote};

    use super::*;

    const ANY: Known = Known {
        words: &["a", "b", "c", "d", "e", "f", "crate", "topic", "blocking"],
        expressions: &["f"],
        example: "a = 1",
        elsewhere: |word| (word == "key").then(|| "`key` has its place elsewhere".to_owned()),
    };

    fn keys(tokens: TokenStream) -> (Vec<String>, Vec<String>) {
        let mut problems = Problems::default();
        let options = Options::parse(tokens, &ANY, &mut problems).into_known(&mut problems);
        (options.iter().map(|option| option.key.to_string()).collect(), problems.messages())
    }

    #[test]
    fn every_kind_of_value_is_read() {
        let tokens = quote!(a = "x", crate = a::b, b = [A, B], c, d(x = 1), e = Changed<User, 3>, f = -1,);
        assert_eq!(keys(tokens), (["a", "crate", "b", "c", "d", "e", "f"].map(str::to_owned).to_vec(), vec![]));
    }

    #[test]
    fn slips_are_named() {
        let (kept, problems) = keys(quote!(topics = "x", a = "y", a = "z", zzzzzz, key));
        assert_eq!(kept, ["a"]);
        let there_are = "`a`, `b`, `c`, `d`, `e`, `f`, `crate`, `topic` and `blocking`";
        assert_eq!(
            problems,
            [
                format!("unknown option `topics`: did you mean `topic`? There are {there_are}"),
                "`a` is given twice: keep one".to_owned(),
                format!("unknown option `zzzzzz`: there are {there_are}"),
                "`key` has its place elsewhere".to_owned(),
            ]
        );
    }

    #[test]
    fn what_cannot_be_read_does_not_hide_the_rest() {
        let (kept, problems) = keys(quote!(a: 1, "x", b = "y" c = 2, , d, e f));
        assert_eq!(kept, ["d"]);
        assert_eq!(
            problems,
            [
                "expected `=` or `,` after `a`",
                "expected an option, such as `a = 1`",
                "expected `,` before `c`",
                "expected an option, such as `a = 1`",
                "expected `=` or `,` after `e`",
            ]
        );
    }

    #[test]
    fn an_expression_may_hold_commas_and_come_again() {
        let mut problems = Problems::default();
        let tokens = quote!(f = A { a: 1, b }, a = 1, f = make::<A, B>(1, 2), f, f =, f = A B);
        let options = Options::parse(tokens, &ANY, &mut problems).into_known(&mut problems);
        let values: Vec<String> = options.iter().map(|option| option.to_token_stream().to_string()).collect();
        assert_eq!(values, ["f A { a : 1 , b }", "a 1", "f make :: < A , B > (1 , 2)", "f"]);
        // syn says more if another crate of the build asked it to know all of Rust.
        let [nothing, space] = <[String; 2]>::try_from(problems.messages()).unwrap();
        assert!(nothing.ends_with("expected an expression"), "{nothing}");
        assert_eq!(space, "expected `,` before `B`");
    }

    #[test]
    fn words_that_are_no_option_are_paths() {
        let mut problems = Problems::default();
        let tokens = quote!(Placed, a::B, r#match, some_event, Topic, blocking, blockin, a = 1);
        let mut options = Options::parse(tokens, &ANY, &mut problems);
        let paths = options.take_paths();
        let paths: Vec<String> = paths.iter().map(|path| path.to_token_stream().to_string()).collect();
        assert_eq!(paths, ["a :: B", "Placed", "r#match", "some_event", "Topic"]);
        let kept: Vec<String> = options.into_known(&mut problems).iter().map(|option| option.key.to_string()).collect();
        assert_eq!(kept, ["blocking", "a"]);
        assert_eq!(problems.messages().len(), 1);
    }
}
