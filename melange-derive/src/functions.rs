//! `subscribers![f, g]`: what stands between the brackets must be the names of functions.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::{Parse, ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Path, PathArguments, Token, token};

use crate::option::parse_path;
use crate::problems::Problems;
use crate::spelling::text;

/// Of `[$crate] [f, g]`, the list of the functions' subscribers.
pub(crate) fn named(input: TokenStream) -> TokenStream {
    let mut groups = input.into_iter().filter_map(|tree| match tree {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => Some(group.stream()),
        _ => None,
    });
    let (core, names) = (groups.next().unwrap_or_default(), groups.next().unwrap_or_default());
    let mut problems = Problems::default();
    let functions = read(names, &mut problems);
    if !problems.is_empty() {
        let errors = problems.into_tokens();
        return quote!({ #errors #core::Functions::__new(&[]) });
    }
    let each = functions.iter().map(|function| subscribers_of(&core, function));
    quote!(#core::Functions::__new(&[#(#each),*]))
}

/// The subscribers of one function: by the hidden type of its name, which the import brings along. A function without `#[subscriber]`
/// has no such type. Then the name is that of a type further out, which says what is missing.
fn subscribers_of(core: &TokenStream, function: &Path) -> TokenStream {
    let span = function.segments.last().span();
    let (core, name) = (at(core, span), Ident::new("this_function", span));
    let mut function = function.clone();
    // No import may bear the name of a variable: seen from here there are none. Nor is the import the user's, for lints.
    for segment in function.segments.iter_mut().filter(|segment| segment.ident != "$crate") {
        segment.ident.set_span(Span::mixed_site().located_at(segment.ident.span()));
    }
    quote_spanned! {Span::call_site().located_at(span)=> {
        use #core::__private::#name;
        // It is no unused import either.
        const _: #core::__private::Option<#name> = #core::__private::Option::None;
        {
            use #function as #name;
            <#name as #core::__private::SubscriberFunction>::SUBSCRIBERS
        }
    }}
}

/// The tokens of `$crate`, as written where the function is named: at its name the compiler points if it is none.
fn at(core: &TokenStream, span: Span) -> TokenStream {
    let respan = |mut tree: TokenTree| {
        tree.set_span(tree.span().located_at(span));
        tree
    };
    core.clone().into_iter().map(respan).collect()
}

/// The paths, up to the first that is none.
fn read(names: TokenStream, problems: &mut Problems) -> Vec<Path> {
    let mut functions = Vec::new();
    let read = |input: ParseStream<'_>| {
        while !input.is_empty() {
            functions.push(function(input)?);
            if let Some(next) = (!input.is_empty() && !input.peek(Token![,])).then(|| TokenTree::parse(input)) {
                let next = next?;
                return Err(syn::Error::new(next.span(), format!("expected `,` before `{next}`")));
            }
            input.parse::<Option<Token![,]>>()?;
        }
        Ok(())
    };
    let result = read.parse2(names);
    problems.ok(result);
    functions
}

fn function(input: ParseStream<'_>) -> syn::Result<Path> {
    let by_name = "a function under `#[subscriber]` stands here by its name alone, as in `subscribers![send_receipt, orders::audit]`";
    let start = input.fork();
    let wrong = |_| syn::Error::new(start.span(), by_name);
    let path = parse_path(input).map_err(wrong)?;
    if input.peek(token::Paren) {
        return Err(input.error(by_name));
    }
    if let Some(last) = path.segments.last()
        && !matches!(last.arguments, PathArguments::None)
    {
        return Err(syn::Error::new_spanned(&last.arguments, by_name));
    }
    if let Some(of) = path.segments.iter().rev().nth(1)
        && text(&of.ident).starts_with(char::is_uppercase)
    {
        let message =
            format!("a method comes with the value it is called on: give a `{}` by `.subscriber(..)`", text(&of.ident));
        return Err(syn::Error::new_spanned(path.to_token_stream(), message));
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_name_of_a_function_is_told() {
        for (names, said) in [
            ("f, orders::audit, ::shop::r#type, crate::f,", None),
            ("", None),
            ("f()", Some("by its name alone")),
            ("f::<u8>", Some("by its name alone")),
            ("\"f\"", Some("by its name alone")),
            ("f,, g", Some("by its name alone")),
            ("&f", Some("by its name alone")),
            ("f g", Some("expected `,` before `g`")),
            ("Ledger::placed", Some("give a `Ledger`")),
        ] {
            let mut problems = Problems::default();
            read(names.parse().unwrap(), &mut problems);
            match (problems.messages().as_slice(), said) {
                ([], None) => {}
                ([message], Some(said)) => assert!(message.contains(said), "{names}: {message}"),
                (messages, _) => panic!("{names}: {messages:?}"),
            }
        }
    }
}
