//! Lists of options: `topic = "orders", local, retry(attempts = 3)`.
//!
//! What is between the commas is kept as it is; who reads an option says what it must be. So one wrong value is one
//! error, and the other options are still read.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Ident, Lit, LitInt, LitStr, Path, Token, parenthesized, token};

use crate::nearest::nearest;
use crate::problems::Problems;

/// One option.
pub(crate) struct Opt {
    pub(crate) key: Ident,
    pub(crate) value: Value,
}

/// What follows an option's key.
pub(crate) enum Value {
    /// Nothing.
    None,
    /// `= "text"`, `= 5`.
    Lit(Lit),
    /// `= some::Path`.
    Path(Path),
    /// `= [A, B]`.
    List(Group),
    /// `(a = 1, b)`.
    Options(TokenStream),
    /// `=` and something else, or nothing.
    Other(TokenStream),
}

/// Options, and paths that stand among them alone.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) options: Vec<Opt>,
    pub(crate) paths: Vec<Path>,
}

impl Options {
    /// Reads `tokens`; what cannot be read is noted as one problem.
    pub(crate) fn parse(tokens: TokenStream, problems: &mut Problems) -> Self {
        let mut options = Self::default();
        let read = |input: ParseStream<'_>| -> syn::Result<()> {
            while !input.is_empty() {
                options.item(input)?;
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(())
        };
        let result = read.parse2(tokens);
        problems.ok(result);
        options
    }

    fn item(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        if input.peek(Ident::peek_any) && !input.peek2(Token![::]) && !input.peek2(Token![<]) {
            let key = input.call(Ident::parse_any)?;
            let value = Value::parse(input)?;
            self.options.push(Opt { key, value });
        } else if input.peek(Ident::peek_any) || input.peek(Token![::]) {
            self.paths.push(input.call(parse_path)?);
        } else {
            return Err(input.error("expected an option, such as `name = \"...\"`"));
        }
        Ok(())
    }

    /// Notes options that are not in `known`, that come twice, and paths. What is left is known and single.
    pub(crate) fn keep_known(mut self, known: &[&str], problems: &mut Problems) -> Vec<Opt> {
        for path in &self.paths {
            problems.at(path, format!("expected an option: {}", list(known)));
        }
        let mut seen: Vec<String> = Vec::new();
        self.options.retain(|option| {
            let key = option.key.to_string();
            let is_known = known.contains(&key.as_str());
            let is_new = !seen.contains(&key);
            if !is_known {
                problems.at(&option.key, unknown(&key, known));
            } else if !is_new {
                problems.at(&option.key, format!("`{key}` is given twice: keep one"));
            }
            seen.push(key);
            is_known && is_new
        });
        self.options
    }
}

/// What to say of an unknown option.
pub(crate) fn unknown(key: &str, known: &[&str]) -> String {
    match nearest(key, known) {
        Some(meant) => format!("unknown option `{key}`: did you mean `{meant}`? There are {}", list(known)),
        None => format!("unknown option `{key}`: there are {}", list(known)),
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

impl Value {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(token::Paren) {
            let content;
            parenthesized!(content in input);
            return Ok(Self::Options(content.parse()?));
        }
        if !input.peek(Token![=]) {
            if !input.is_empty() && !input.peek(Token![,]) {
                return Err(input.error("expected `=` or `,`"));
            }
            return Ok(Self::None);
        }
        input.parse::<Token![=]>()?;
        let fork = input.fork();
        if let Ok(TokenTree::Group(group)) = fork.parse::<TokenTree>()
            && group.delimiter() == Delimiter::Bracket
            && at_end(&fork)
        {
            input.parse::<TokenTree>()?;
            return Ok(Self::List(group));
        }
        let fork = input.fork();
        if fork.parse::<Lit>().is_ok() && at_end(&fork) {
            return input.parse().map(Self::Lit);
        }
        let fork = input.fork();
        if fork.call(parse_path).is_ok() && at_end(&fork) {
            return input.call(parse_path).map(Self::Path);
        }
        let mut other = TokenStream::new();
        while !at_end(input) {
            other.extend([input.parse::<TokenTree>()?]);
        }
        Ok(Self::Other(other))
    }
}

fn at_end(input: ParseStream<'_>) -> bool {
    input.is_empty() || input.peek(Token![,])
}

/// A path as it is written among types: `a::B`, `Changed<User>`.
fn parse_path(input: ParseStream<'_>) -> syn::Result<Path> {
    match input.parse::<syn::Type>()? {
        syn::Type::Path(path) if path.qself.is_none() => Ok(path.path),
        other => Err(syn::Error::new_spanned(other, "expected a path")),
    }
}

impl ToTokens for Opt {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.key.to_tokens(tokens);
        match &self.value {
            Value::None => {}
            Value::Lit(lit) => lit.to_tokens(tokens),
            Value::Path(path) => path.to_tokens(tokens),
            Value::List(group) => group.to_tokens(tokens),
            Value::Options(inner) | Value::Other(inner) => inner.to_tokens(tokens),
        }
    }
}

impl Opt {
    /// The text of `key = "text"`.
    pub(crate) fn string(&self, example: &str, problems: &mut Problems) -> Option<LitStr> {
        match &self.value {
            Value::Lit(Lit::Str(text)) => Some(text.clone()),
            _ => self.wrong(&format!("takes a text: `{} = \"{example}\"`", self.key), problems),
        }
    }

    /// The number of `key = 5`, which is at least 1.
    pub(crate) fn number<N>(&self, example: u32, problems: &mut Problems) -> Option<LitInt>
    where
        N: std::str::FromStr + PartialEq + Default,
        N::Err: std::fmt::Display,
    {
        let Value::Lit(Lit::Int(number)) = &self.value else {
            return self.wrong(&format!("takes a number of at least 1: `{} = {example}`", self.key), problems);
        };
        match number.base10_parse::<N>() {
            Ok(value) if value != N::default() && number.suffix().is_empty() => Some(number.clone()),
            _ => self.wrong(&format!("takes a number of at least 1: `{} = {example}`", self.key), problems),
        }
    }

    /// The path of `key = some::Path`.
    pub(crate) fn path(&self, example: &str, problems: &mut Problems) -> Option<Path> {
        match &self.value {
            Value::Path(path) => Some(path.clone()),
            _ => self.wrong(&format!("takes a path: `{} = {example}`", self.key), problems),
        }
    }

    /// The items of `key = [A, B]` or `key = A`.
    pub(crate) fn items<T: Parse>(&self, example: &str, problems: &mut Problems) -> Vec<T> {
        let items = match &self.value {
            Value::List(group) => Punctuated::<T, Token![,]>::parse_terminated.parse2(group.stream()),
            Value::Lit(lit) => parse_one(lit.to_token_stream()),
            Value::Path(path) => parse_one(path.to_token_stream()),
            Value::None | Value::Options(_) | Value::Other(_) => Ok(Punctuated::new()),
        };
        match items {
            Ok(items) if !items.is_empty() => items.into_iter().collect(),
            _ => {
                self.wrong::<()>(&format!("takes {example}"), problems);
                Vec::new()
            }
        }
    }

    /// Nothing may follow.
    pub(crate) fn flag(&self, problems: &mut Problems) -> bool {
        match &self.value {
            Value::None => true,
            _ => self.wrong::<()>("takes no value: write it alone", problems).is_some(),
        }
    }

    /// The options of `key(a = 1, b)`.
    pub(crate) fn options(&self, example: &str, problems: &mut Problems) -> Option<Options> {
        match &self.value {
            Value::Options(inner) => Some(Options::parse(inner.clone(), problems)),
            _ => self.wrong(&format!("takes options in parentheses: `{example}`"), problems),
        }
    }

    fn wrong<T>(&self, message: &str, problems: &mut Problems) -> Option<T> {
        problems.at(self, format!("`{}` {message}", self.key));
        None
    }
}

fn parse_one<T: Parse>(tokens: TokenStream) -> syn::Result<Punctuated<T, Token![,]>> {
    syn::parse2::<T>(tokens).map(|one| std::iter::once(one).collect())
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    fn keys(tokens: TokenStream, known: &[&str]) -> (Vec<String>, Vec<String>) {
        let mut problems = Problems::default();
        let options = Options::parse(tokens, &mut problems).keep_known(known, &mut problems);
        (options.iter().map(|option| option.key.to_string()).collect(), problems.messages())
    }

    #[test]
    fn every_kind_of_value_is_read() {
        let tokens = quote!(a = "x", crate = a::b, b = [A, B], c, d(x = 1), e = Changed<User, 3>, f = -1,);
        let (keys, problems) = keys(tokens, &["a", "b", "c", "d", "e", "f", "crate"]);
        assert_eq!(keys, ["a", "crate", "b", "c", "d", "e", "f"]);
        assert_eq!(problems, [""; 0]);
    }

    #[test]
    fn slips_are_named() {
        let (kept, problems) = keys(quote!(topics = "x", name = "y", name = "z"), &["topic", "name"]);
        assert_eq!(kept, ["name"]);
        assert_eq!(
            problems,
            [
                "unknown option `topics`: did you mean `topic`? There are `topic` and `name`",
                "`name` is given twice: keep one"
            ]
        );
    }
}
