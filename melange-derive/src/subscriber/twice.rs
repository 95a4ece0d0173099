//! Whether a name is given twice: to a method in two blocks of its type, or to a function and to something beside it.
//!
//! Of that the compiler says up to four things, and the first is of what the user never wrote. An attribute is given its item alone, so
//! the file is looked into. Where it cannot be read, or where there are conditions, the answer is no, and the compiler speaks.

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
    siblings(tokens).is_some_and(|(before, _)| has(&before, &dense(self_type), &name))
}

/// What stands beside a function, at whose word `fn` is `span`, and has its name: an earlier subscriber, or what is a type as the hidden
/// one beside a function is. The answer is the word before the name.
pub(crate) fn beside(span: Span, function: &Ident) -> Option<&'static str> {
    const TYPES: [&str; 6] = ["mod", "struct", "enum", "union", "trait", "type"];
    let name = text(function);
    let others = |file: &str| {
        let declared = TYPES.iter().any(|word| file.contains(&format!("{word} {name}")));
        declared || file.matches(&format!("fn {name}")).nth(1).is_some()
    };
    let (before, after) = siblings(within::file(span, others)?)?;
    let twice = has_unconditional(&before, &["fn"], &name, Some("subscriber"));
    let type_of = |trees: &[TokenTree]| has_unconditional(trees, &TYPES, &name, None);
    twice.or_else(|| type_of(&before)).or_else(|| type_of(&after))
}

/// The word before the name among these items, if no condition stands before it, and this attribute does.
fn has_unconditional(
    items: &[TokenTree],
    words: &[&'static str],
    name: &str,
    attribute: Option<&str>,
) -> Option<&'static str> {
    let mut head: Vec<&TokenTree> = Vec::new();
    for tree in items {
        match tree {
            TokenTree::Ident(ident) if text(ident) == name => {
                let word =
                    words.iter().find(|word| matches!(head.last(), Some(TokenTree::Ident(last)) if last == *word));
                let has = |word: &str| names(head.iter().copied(), word);
                if word.is_some() && !has("cfg") && !has("cfg_attr") && attribute.is_none_or(has) {
                    return word.copied();
                }
            }
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => head.clear(),
            TokenTree::Punct(punct) if punct.as_char() == ';' => head.clear(),
            _ => head.push(tree),
        }
    }
    None
}

/// The block with the method under a name that no earlier block has.
pub(crate) fn renamed(block: TokenStream, method: &Ident) -> TokenStream {
    let tree = |tree| match tree {
        TokenTree::Group(body) if body.delimiter() == Delimiter::Brace => {
            regroup(&body, renamed_function(body.stream(), method))
        }
        other => other,
    };
    block.into_iter().map(tree).collect()
}

/// The same of a function.
pub(crate) fn renamed_function(items: TokenStream, function: &Ident) -> TokenStream {
    let mut is_name = false;
    let tree = |tree| match tree {
        TokenTree::Ident(word) if std::mem::replace(&mut is_name, word == "fn") && word == *function => {
            Ident::new(&format!("__melange_{}", text(function)), word.span()).into()
        }
        other => other,
    };
    items.into_iter().map(tree).collect()
}

/// What stands before the mark and after it, in its own braces.
fn siblings(tokens: TokenStream) -> Option<(Vec<TokenTree>, Vec<TokenTree>)> {
    let mut before = Vec::new();
    let mut trees = tokens.into_iter();
    while let Some(tree) = trees.next() {
        match &tree {
            TokenTree::Ident(word) if word == HERE => return Some((before, trees.collect())),
            TokenTree::Group(group) => {
                if let Some(found) = siblings(group.stream()) {
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
            && names(attributes.iter(), "subscriber")
            && !names(attributes.iter(), "cfg")
            && has_unconditional(&body.stream().into_iter().collect::<Vec<_>>(), &["fn"], method, None).is_some()
    })
}

/// Whether one of the attributes among these has this word.
fn names<'a>(mut trees: impl Iterator<Item = &'a TokenTree>, word: &str) -> bool {
    trees.any(|tree| match tree {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => {
            group.stream().into_iter().any(|tree| matches!(tree, TokenTree::Ident(ident) if ident == word))
        }
        _ => false,
    })
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
        siblings(tokens).is_some_and(|(before, _)| has(&before, "shop::Ledger<A>", "process"))
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
