//! `#[listens_to]` on a method: found, and taken away before the compiler sees it.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote;
use syn::{Attribute, Meta, Path};

use super::events::named;
use crate::cfg::CfgAttr;

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

/// The item without the `#[listens_to]` of its methods, whatever else is wrong with it.
pub(crate) fn strip(item: TokenStream) -> TokenStream {
    let strip_body = |tree| match tree {
        TokenTree::Group(body) if body.delimiter() == Delimiter::Brace => {
            regroup(&body, strip_attributes(body.stream()))
        }
        other => other,
    };
    item.into_iter().map(strip_body).collect()
}

fn strip_attributes(body: TokenStream) -> TokenStream {
    let mut kept: Vec<TokenTree> = Vec::new();
    for tree in body {
        let after_hash = matches!(kept.last(), Some(TokenTree::Punct(punct)) if punct.as_char() == '#');
        match tree {
            TokenTree::Group(group) if after_hash && group.delimiter() == Delimiter::Bracket => {
                match strip_attribute(&group) {
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
fn strip_attribute(group: &Group) -> Option<TokenTree> {
    let Ok(meta) = syn::parse2::<Meta>(group.stream()) else { return Some(group.clone().into()) };
    if is_mark(meta.path()) {
        return None;
    }
    let attribute = syn::parse_quote!(#[#meta]);
    match CfgAttr::of(&attribute) {
        Some(CfgAttr { condition, attributes }) if attributes.iter().any(|meta| is_mark(meta.path())) => {
            let others: Vec<_> = attributes.iter().filter(|meta| !is_mark(meta.path())).collect();
            (!others.is_empty()).then(|| regroup(group, quote!(cfg_attr(#condition, #(#others),*))))
        }
        _ => Some(group.clone().into()),
    }
}

fn regroup(old: &Group, stream: TokenStream) -> TokenTree {
    let mut group = Group::new(old.delimiter(), stream);
    group.set_span(old.span());
    group.into()
}
