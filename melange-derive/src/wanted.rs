//! What the assert macros of Melange's tests are given as a path alone: a type, or a variant of an enum.
//!
//! `shop::OrderPlaced` and `Payment::Refused` look alike, and no macro can ask which is which. But what stands before the
//! last word is a module in one and a type in the other, and Rust writes modules in small letters and types in large ones.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::quote;

use crate::spelling::{spelled, text};

/// Of `[macro] [arguments] [path] [more]`, the call of the macro with what the path is. Through other macros patterns and types
/// come here too, as one token.
pub(crate) fn type_or_pattern(input: TokenStream) -> TokenStream {
    let mut groups = input.into_iter().filter_map(|tree| match tree {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => Some(group.stream()),
        _ => None,
    });
    let mut next = || groups.next().unwrap_or_default();
    let (callback, arguments, wanted, more) = (next(), next(), unwrapped(next()), next());
    if let Some(TokenTree::Literal(literal)) = wanted.clone().into_iter().next() {
        let message = "an event is named by its type or shown by a pattern, as in `OrderPlaced` or `OrderPlaced { total: 3, .. }`";
        return syn::Error::new(literal.span(), message).into_compile_error();
    }
    let (words, wanted) = (spelled(&wanted), at_its_words(wanted));
    match Kind::of(&wanted) {
        Kind::Type => quote!(#callback!(#arguments, @type [#words] [#wanted] #more)),
        Kind::Variant => quote!(#callback!(#arguments, @pattern [#words] [#wanted { .. }] #more)),
        Kind::Pattern => quote!(#callback!(#arguments, @pattern [#words] [#wanted] #more)),
    }
}

/// The tokens without what other macros wrapped around them.
fn unwrapped(tokens: TokenStream) -> TokenStream {
    let mut trees = tokens.clone().into_iter();
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Group(group)), None) if group.delimiter() == Delimiter::None => unwrapped(group.stream()),
        _ => tokens,
    }
}

/// The path with its `::` where its words are: these came from a macro, at which the compiler would point instead.
fn at_its_words(path: TokenStream) -> TokenStream {
    let mut word = None;
    path.into_iter()
        .map(|mut tree| {
            match &mut tree {
                TokenTree::Ident(ident) => word = Some(ident.span()),
                TokenTree::Punct(colon) if colon.as_char() == ':' => colon.set_span(word.unwrap_or(colon.span())),
                _ => {}
            }
            tree
        })
        .collect()
}

/// What stands for events.
#[derive(Debug, PartialEq)]
enum Kind {
    Type,
    /// A path to a variant of an enum, whatever its fields.
    Variant,
    /// A pattern that says itself what it fits.
    Pattern,
}

impl Kind {
    fn of(wanted: &TokenStream) -> Self {
        let mut words = Vec::new();
        for tree in wanted.clone() {
            match tree {
                TokenTree::Ident(word) if word != "_" => words.push(text(&word)),
                TokenTree::Punct(punct) if punct.as_char() == ':' => {}
                // Of a path, only a type's has arguments.
                TokenTree::Punct(punct) if punct.as_char() == '<' => return Self::Type,
                _ => return Self::Pattern,
            }
        }
        words.pop();
        let in_type = words.last().and_then(|word| word.chars().next()).is_some_and(char::is_uppercase);
        if in_type { Self::Variant } else { Self::Type }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_the_last_word_tells() {
        for (wanted, kind) in [
            ("OrderPlaced", Kind::Type),
            ("shop::OrderPlaced", Kind::Type),
            ("::shop::r#in::Payment", Kind::Type),
            ("crate::SMS", Kind::Type),
            ("shop::Changed<User>", Kind::Type),
            ("Payment::Refused", Kind::Variant),
            ("super::shop::Payment::SMS", Kind::Variant),
            ("Self::Refused", Kind::Variant),
            ("Ticked(3)", Kind::Pattern),
            ("shop::OrderPlaced { .. }", Kind::Pattern),
            ("_", Kind::Pattern),
        ] {
            assert_eq!(Kind::of(&wanted.parse().unwrap()), kind, "{wanted}");
        }
    }
}
