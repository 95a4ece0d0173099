//! `&dyn Event` among the arguments: there is no such type, since each event has a descriptor of its own.
//!
//! The compiler says so three times for one argument. So the item goes back with `impl Event` there, and the mistake is said once.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use syn::{Type, TypeParamBound, TypeTraitObject};

use super::events::{generic, named, peel};

/// What to say of it.
pub(crate) const MESSAGE: &str = "an event is taken by its own type, as in `&OrderPlaced`: list the events in `listens_to = [A, B]`, and take \
     `Option<&A>` and `Option<&B>`";

/// The `dyn Event` that the argument is, by whatever pointer. A state may hold what it likes.
pub(crate) fn find(ty: &Type) -> Option<&TypeTraitObject> {
    let is_event =
        |bound: &TypeParamBound| matches!(bound, TypeParamBound::Trait(bound) if named(&bound.path, "Event"));
    match peel(ty) {
        Type::TraitObject(object) => object.bounds.iter().any(is_event).then_some(object),
        Type::Reference(reference) => find(&reference.elem),
        Type::Path(path) if ["Option", "Arc", "Box", "Rc", "Context"].iter().any(|word| named(&path.path, word)) => {
            find(generic(&path.path)?)
        }
        _ => None,
    }
}

/// The item with `impl Event` for `dyn Event` in the arguments of its functions, which stand in as many braces.
pub(crate) fn replaced(item: TokenStream, braces: usize) -> TokenStream {
    replace(item, braces, false)
}

fn replace(tokens: TokenStream, braces: usize, among_arguments: bool) -> TokenStream {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let replaced = trees.iter().enumerate().map(|(at, tree)| match tree {
        TokenTree::Ident(word) if among_arguments && word == "dyn" && is_event(&trees[at + 1..]) => {
            Ident::new("impl", word.span()).into()
        }
        TokenTree::Group(group) => {
            let (braces, among_arguments) = match group.delimiter() {
                Delimiter::Parenthesis => (0, true),
                Delimiter::None => (braces, among_arguments),
                Delimiter::Brace if braces > 0 => (braces - 1, false),
                Delimiter::Brace | Delimiter::Bracket => return tree.clone(),
            };
            super::mark::regroup(group, replace(group.stream(), braces, among_arguments))
        }
        other => other.clone(),
    });
    replaced.collect()
}

/// Whether a path to `Event` comes next.
fn is_event(trees: &[TokenTree]) -> bool {
    let mut path = trees.iter().take_while(|tree| match tree {
        TokenTree::Ident(_) => true,
        TokenTree::Punct(punct) => punct.as_char() == ':',
        _ => false,
    });
    path.any(|tree| matches!(tree, TokenTree::Ident(word) if word == "Event"))
}
