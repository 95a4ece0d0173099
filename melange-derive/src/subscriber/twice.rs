//! Whether a method stands in an earlier block of its type as well.
//!
//! Of that the compiler says four things, and the first is that two traits conflict. An attribute is given its block alone, so the file
//! is looked into. Where it cannot be read, or where there are conditions, the answer is no, and the compiler speaks.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::Type;

use super::mark::regroup;
use super::within::{self, HERE};
use crate::spelling::text;

/// Whether a block under `#[subscriber]` that stands before the one at `span`, and beside it, has this method too.
pub(crate) fn has_earlier(span: Span, self_type: &Type, method: &Ident) -> bool {
    let name = text(method);
    let several = |file: &str| file.matches(&format!("fn {name}")).nth(1).is_some();
    let Some(tokens) = within::file(span, several) else { return false };
    before(tokens).is_some_and(|before| has(&before, &dense(self_type), &name))
}

/// The block with the method under a name that no earlier block has.
pub(crate) fn renamed(block: TokenStream, method: &Ident) -> TokenStream {
    let rename = |body: TokenStream| -> TokenStream {
        let mut is_name = false;
        let tree = |tree| match tree {
            TokenTree::Ident(word) if std::mem::replace(&mut is_name, word == "fn") && word == *method => {
                Ident::new(&format!("__melange_{}", text(method)), word.span()).into()
            }
            other => other,
        };
        body.into_iter().map(tree).collect()
    };
    let tree = |tree| match tree {
        TokenTree::Group(body) if body.delimiter() == Delimiter::Brace => regroup(&body, rename(body.stream())),
        other => other,
    };
    block.into_iter().map(tree).collect()
}

/// What stands before the mark in its own braces.
fn before(tokens: TokenStream) -> Option<Vec<TokenTree>> {
    let mut before = Vec::new();
    for tree in tokens {
        match &tree {
            TokenTree::Ident(word) if word == HERE => return Some(before),
            TokenTree::Group(group) => {
                if let Some(found) = self::before(group.stream()) {
                    return Some(found);
                }
            }
            _ => {}
        }
        before.push(tree);
    }
    None
}

/// Whether these items have a block of the type with the method.
fn has(items: &[TokenTree], self_type: &str, method: &str) -> bool {
    let is_body = |tree: &TokenTree| matches!(tree, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
    let mut items = items.split_inclusive(is_body);
    items.any(|item| {
        let Some((TokenTree::Group(body), head)) = item.split_last() else { return false };
        let Some(word) = head.iter().rposition(|tree| matches!(tree, TokenTree::Ident(word) if word == "impl")) else {
            return false;
        };
        // What stands before an item without braces is among these, and does no harm.
        let (attributes, of_type) = head.split_at(word);
        let of_type: TokenStream = of_type[1..].iter().cloned().collect();
        dense(of_type) == self_type
            && attributes_name(attributes, "subscriber")
            && !attributes_name(attributes, "cfg")
            && has_method(body.stream(), method)
    })
}

fn attributes_name(trees: &[TokenTree], word: &str) -> bool {
    trees.iter().any(|tree| match tree {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => {
            group.stream().into_iter().any(|tree| matches!(tree, TokenTree::Ident(ident) if ident == word))
        }
        _ => false,
    })
}

/// Whether the body has the method without a condition.
fn has_method(body: TokenStream, method: &str) -> bool {
    let mut head = Vec::new();
    for tree in body {
        match &tree {
            TokenTree::Ident(word)
                if text(word) == method
                    && matches!(head.last(), Some(TokenTree::Ident(word)) if word == "fn")
                    && !attributes_name(&head, "cfg") =>
            {
                return true;
            }
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => head.clear(),
            _ => head.push(tree),
        }
    }
    false
}

/// The tokens without what stands between them.
fn dense(tokens: impl ToTokens) -> String {
    tokens.to_token_stream().to_string().split_whitespace().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has_in(file: &str) -> bool {
        let tokens: TokenStream = file.replace('@', HERE).parse().unwrap();
        before(tokens).is_some_and(|before| has(&before, "shop::Ledger<A>", "process"))
    }

    #[test]
    fn a_method_of_an_earlier_block_is_found() {
        assert!(has_in(
            "#[subscriber(listens_to = A)] impl shop::Ledger<A> { fn other() {} async fn process(&self) {} } @"
        ));
        assert!(has_in(
            "mod x { use y; #[melange::subscriber] impl shop::Ledger < A > { fn process(&self) {} } #[x] @ }"
        ));
        for not in [
            "@ #[subscriber] impl shop::Ledger<A> { fn process(&self) {} }",
            "#[subscriber] impl shop::Ledger<B> { fn process(&self) {} } @",
            "impl shop::Ledger<A> { fn process(&self) {} } @",
            "mod x { #[subscriber] impl shop::Ledger<A> { fn process(&self) {} } } @",
            "#[subscriber] impl Process for shop::Ledger<A> { fn process(&self) {} } @",
            "#[subscriber] #[cfg(unix)] impl shop::Ledger<A> { fn process(&self) {} } @",
            "#[subscriber] impl shop::Ledger<A> { #[cfg(unix)] fn process(&self) {} } @",
            "#[subscriber] impl shop::Ledger<A> { fn placed(&self) { fn process() {} } } @",
        ] {
            assert!(!has_in(not), "{not}");
        }
    }

    #[test]
    fn the_method_is_renamed_and_nothing_else() {
        let block: TokenStream = "impl A { fn process(&self) { fn process() {} process() } }".parse().unwrap();
        let method = Ident::new("process", Span::call_site());
        let renamed = renamed(block, &method).to_string();
        assert_eq!(renamed.matches("__melange_process").count(), 1, "{renamed}");
    }
}
