//! One option: its key, and what its value must be.

use std::ops::RangeInclusive;

use proc_macro2::{Delimiter, Group, Literal, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Expr, Ident, Lit, LitStr, Path, Token, Type, parenthesized, token};

use crate::options::{Known, Options};
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

impl Value {
    /// `= any(expression)`, with the commas it has.
    pub(crate) fn expression(key: &Ident, input: ParseStream<'_>) -> syn::Result<Self> {
        if !input.peek(Token![=]) {
            return Self::parse(key, input);
        }
        input.parse::<Token![=]>()?;
        let expression: Expr = input.parse()?;
        if !at_end(input) {
            let next: TokenTree = input.parse()?;
            return Err(syn::Error::new(next.span(), format!("expected `,` before `{next}`")));
        }
        Ok(Self::Other(expression.into_token_stream()))
    }

    pub(crate) fn parse(key: &Ident, input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(token::Paren) {
            let content;
            parenthesized!(content in input);
            return Ok(Self::Options(content.parse()?));
        }
        if !input.peek(Token![=]) {
            if !at_end(input) {
                return Err(input.error(format!("expected `=` or `,` after `{key}`")));
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
        if fork.parse::<Lit>().is_ok() {
            if at_end(&fork) {
                return input.parse().map(Self::Lit);
            }
            if let Ok(next) = fork.parse::<Ident>() {
                return Err(syn::Error::new(next.span(), format!("expected `,` before `{next}`")));
            }
        }
        let fork = input.fork();
        if fork.call(parse_path).is_ok() {
            if at_end(&fork) {
                return input.call(parse_path).map(Self::Path);
            }
            if let Ok(next) = fork.parse::<Ident>() {
                return Err(syn::Error::new(next.span(), format!("expected `,` before `{next}`")));
            }
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

/// A path as it is written among types: `a::B`, `Changed<User>`; also one that a macro was given as a type.
pub(crate) fn parse_path(input: ParseStream<'_>) -> syn::Result<Path> {
    let mut ty: Type = input.parse()?;
    while let Type::Group(group) = ty {
        ty = *group.elem;
    }
    match ty {
        Type::Path(path) if path.qself.is_none() => Ok(path.path),
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
    /// The text of `key = "text"`, and what `read` makes of it.
    pub(crate) fn text<T>(
        &self,
        example: &str,
        read: impl Fn(&str) -> Result<T, String>,
        problems: &mut Problems,
    ) -> Option<(LitStr, T)> {
        match &self.value {
            Value::Lit(Lit::Str(text)) => Some((text.clone(), checked(text, read, problems)?)),
            _ => self.wrong(&format!("takes a text in quotes: `{} = \"{example}\"`", self.key), problems),
        }
    }

    /// The number of `key = 5`, which is at least 1.
    pub(crate) fn number(&self, example: u32, problems: &mut Problems) -> Option<Literal> {
        self.number_in(1..=u32::MAX, example, problems)
    }

    /// The number of `key = 5`, which is among these.
    pub(crate) fn number_in(
        &self,
        legal: RangeInclusive<u32>,
        example: u32,
        problems: &mut Problems,
    ) -> Option<Literal> {
        if let Value::Lit(Lit::Int(number)) = &self.value
            && let Ok(value) = number.base10_parse::<u32>()
            && legal.contains(&value)
        {
            let mut literal = Literal::u32_unsuffixed(value);
            literal.set_span(number.span());
            return Some(literal);
        }
        let (least, most) = legal.into_inner();
        self.wrong(&format!("takes a whole number from {least} to {most}: `{} = {example}`", self.key), problems)
    }

    /// The path of `key = some::Path`.
    pub(crate) fn path(&self, example: &str, problems: &mut Problems) -> Option<Path> {
        match &self.value {
            Value::Path(path) => Some(path.clone()),
            _ => self.wrong(&format!("takes a path: `{} = {example}`", self.key), problems),
        }
    }

    /// The expression of `key = expression`.
    pub(crate) fn expression(&self, example: &str, problems: &mut Problems) -> Option<TokenStream> {
        match &self.value {
            Value::Other(tokens) if !tokens.is_empty() => Some(tokens.clone()),
            _ => self.wrong(&format!("takes an expression: `{} = {example}`", self.key), problems),
        }
    }

    /// The texts of `key = ["a", "b"]` or `key = "a"`.
    pub(crate) fn texts(&self, example: &str, problems: &mut Problems) -> Vec<LitStr> {
        self.items(<LitStr as Parse>::parse, example, problems)
    }

    /// The paths of `key = [A, B]` or `key = A`.
    pub(crate) fn paths(&self, example: &str, problems: &mut Problems) -> Vec<Path> {
        self.items(parse_path, example, problems)
    }

    fn items<T>(&self, item: fn(ParseStream<'_>) -> syn::Result<T>, example: &str, problems: &mut Problems) -> Vec<T> {
        let tokens = match &self.value {
            Value::List(group) => group.stream(),
            Value::Lit(lit) => lit.to_token_stream(),
            Value::Path(path) => path.to_token_stream(),
            Value::None | Value::Options(_) | Value::Other(_) => TokenStream::new(),
        };
        let items = |input: ParseStream<'_>| Punctuated::<T, Token![,]>::parse_terminated_with(input, item);
        match items.parse2(tokens) {
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
    pub(crate) fn options(&self, known: &'static Known, example: &str, problems: &mut Problems) -> Option<Options> {
        match &self.value {
            Value::Options(inner) if !inner.is_empty() => Some(Options::parse(inner.clone(), known, problems)),
            _ => self.wrong(&format!("takes options in parentheses: `{example}`"), problems),
        }
    }

    fn wrong<T>(&self, message: &str, problems: &mut Problems) -> Option<T> {
        problems.at(self, format!("`{}` {message}", self.key));
        None
    }
}

/// What `read` makes of the text, or nothing, with its words noted at the text.
pub(crate) fn checked<T>(
    text: &LitStr,
    read: impl Fn(&str) -> Result<T, String>,
    problems: &mut Problems,
) -> Option<T> {
    read(&text.value()).map_err(|message| problems.at(text, message)).ok()
}
