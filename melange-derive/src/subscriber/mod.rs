//! `#[subscriber]`.

mod any_event;
mod args;
mod argument;
mod event_type;
mod events;
mod expand;
mod function;
mod impl_block;
mod lifetimes;
mod listener;
mod mark;
mod members;
mod receiver;
mod signature;
mod twice;
mod within;

use proc_macro2::TokenStream;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Attribute, Token, Visibility};

use crate::options::Options;
use crate::problems::Problems;

/// The user's item, with its registration, or with the mistakes and a stub.
pub(crate) fn attribute(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut problems = Problems::default();
    let options = Options::parse(options, &args::ON_ITEM, &mut problems);
    match Kind::of(&item) {
        Kind::Function => function::expand(options, item, problems),
        Kind::Impl => impl_block::expand(options, item, problems),
        // The compiler refuses every attribute there.
        Kind::Other(Some(proc_macro2::TokenTree::Ident(word))) if word == "let" => item,
        Kind::Other(word) => {
            let message = "`#[subscriber]` goes on a function or on an impl block";
            match word {
                Some(word) => problems.at(word, message),
                None => problems.add(syn::Error::new(proc_macro2::Span::call_site(), message)),
            }
            // Of a trait, the methods may be marked.
            with_problems(mark::strip(item, mark::is_ours), problems)
        }
    }
}

/// The method with the error that nobody listens by it.
pub(crate) fn unseen(method: TokenStream) -> TokenStream {
    let mut problems = Problems::default();
    problems.add(syn::Error::new(proc_macro2::Span::call_site(), listener::UNSEEN));
    with_problems(method, problems)
}

/// The item with one error beside it for each mistake.
fn with_problems(mut item: TokenStream, problems: Problems) -> TokenStream {
    item.extend(problems.into_tokens());
    item
}

/// What the attribute stands on.
enum Kind {
    Function,
    Impl,
    Other(Option<proc_macro2::TokenTree>),
}

impl Kind {
    fn of(item: &TokenStream) -> Self {
        let look = |input: ParseStream<'_>| {
            let kind = Self::look(input);
            input.parse::<TokenStream>()?;
            kind
        };
        look.parse2(item.clone()).unwrap_or(Self::Other(None))
    }

    fn look(input: ParseStream<'_>) -> syn::Result<Self> {
        Attribute::parse_outer(input)?;
        Visibility::parse(input)?;
        if is_function(input) {
            return Ok(Self::Function);
        }
        let fork = input.fork();
        fork.parse::<Option<Token![default]>>()?;
        fork.parse::<Option<Token![unsafe]>>()?;
        if fork.peek(Token![impl]) {
            return Ok(Self::Impl);
        }
        Ok(Self::Other(input.fork().parse().ok()))
    }
}

/// Whether a function comes next: `fn`, behind what may stand before it.
fn is_function(input: ParseStream<'_>) -> bool {
    let fork = input.fork();
    loop {
        if fork.peek(Token![fn]) {
            return true;
        }
        let qualifier = fork.peek(Token![const])
            || fork.peek(Token![async])
            || fork.peek(Token![unsafe])
            || fork.peek(Token![extern])
            || fork.peek(syn::LitStr);
        if !qualifier || fork.parse::<proc_macro2::TokenTree>().is_err() {
            return false;
        }
    }
}
