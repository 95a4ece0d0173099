//! `#[listens_to]` on a method: found, and taken away before the compiler sees it.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote;
use syn::{Attribute, Meta, Path};

use super::events::named;
use crate::cfg::CfgAttr;
use crate::nearest::nearest;

/// One `#[listens_to]`.
pub(crate) struct Mark {
    pub(crate) meta: Meta,
    /// What must hold for it to be there: it is within a `#[cfg_attr(..)]`.
    pub(crate) condition: Option<TokenStream>,
}

impl Mark {
    /// Those among the attributes of an item.
    pub(crate) fn among(attrs: &[Attribute]) -> Vec<Self> {
        let mut marks = Vec::new();
        for attr in attrs {
            if is_mark(attr.path()) {
                marks.push(Self { meta: attr.meta.clone(), condition: None });
            } else if let Some(CfgAttr { condition, attributes }) = CfgAttr::of(attr) {
                let conditional = attributes.into_iter().filter(|meta| is_mark(meta.path()));
                marks.extend(conditional.map(|meta| Self { meta, condition: Some(condition.clone()) }));
            }
        }
        marks
    }
}

fn is_mark(path: &Path) -> bool {
    named(path, "listens_to")
}

/// Whether it is an attribute of a method that the block's own `#[subscriber]` answers for.
pub(crate) fn is_ours(path: &Path) -> bool {
    is_mark(path) || named(path, "subscriber")
}

/// Whether it was meant to be `#[listens_to]`.
pub(crate) fn is_slip(path: &Path) -> bool {
    !is_mark(path) && path.get_ident().is_some_and(|word| nearest(&word.to_string(), &["listens_to"]).is_some())
}

/// The item without these attributes of its methods, whatever else is wrong with it.
pub(crate) fn strip(item: TokenStream, ours: fn(&Path) -> bool) -> TokenStream {
    let strip_body = |tree| match tree {
        TokenTree::Group(body) if body.delimiter() == Delimiter::Brace => {
            regroup(&body, strip_attributes(body.stream(), ours))
        }
        other => other,
    };
    item.into_iter().map(strip_body).collect()
}

fn strip_attributes(body: TokenStream, ours: fn(&Path) -> bool) -> TokenStream {
    let mut kept: Vec<TokenTree> = Vec::new();
    for tree in body {
        let after_hash = matches!(kept.last(), Some(TokenTree::Punct(punct)) if punct.as_char() == '#');
        match tree {
            TokenTree::Group(group) if after_hash && group.delimiter() == Delimiter::Bracket => {
                match strip_attribute(&group, ours) {
                    Some(attribute) => kept.push(attribute),
                    None => _ = kept.pop(),
                }
            }
            other => kept.push(other),
        }
    }
    kept.into_iter().collect()
}

/// What is between the brackets, as far as it is not ours.
fn strip_attribute(group: &Group, ours: fn(&Path) -> bool) -> Option<TokenTree> {
    let Ok(meta) = syn::parse2::<Meta>(group.stream()) else { return Some(group.clone().into()) };
    if ours(meta.path()) {
        return None;
    }
    let attribute = syn::parse_quote!(#[#meta]);
    match CfgAttr::of(&attribute) {
        Some(CfgAttr { condition, attributes }) if attributes.iter().any(|meta| ours(meta.path())) => {
            let others: Vec<_> = attributes.iter().filter(|meta| !ours(meta.path())).collect();
            (!others.is_empty()).then(|| regroup(group, quote!(cfg_attr(#condition, #(#others),*))))
        }
        _ => Some(group.clone().into()),
    }
}

pub(crate) fn regroup(old: &Group, stream: TokenStream) -> TokenTree {
    let mut group = Group::new(old.delimiter(), stream);
    group.set_span(old.span());
    group.into()
}
