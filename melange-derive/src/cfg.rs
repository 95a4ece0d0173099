//! The conditions under which an item is there, which what is generated for it must share.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Token};

/// `#[cfg_attr(condition, attributes ..)]`.
pub(crate) struct CfgAttr {
    pub(crate) condition: TokenStream,
    pub(crate) attributes: Punctuated<Meta, Token![,]>,
}

impl CfgAttr {
    pub(crate) fn of(attr: &Attribute) -> Option<Self> {
        match &attr.meta {
            Meta::List(list) if list.path.is_ident("cfg_attr") => syn::parse2(list.tokens.clone()).ok(),
            _ => None,
        }
    }
}

impl Parse for CfgAttr {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut condition = TokenStream::new();
        while !input.is_empty() && !input.peek(Token![,]) {
            condition.extend([input.parse::<TokenTree>()?]);
        }
        input.parse::<Option<Token![,]>>()?;
        Ok(Self { condition, attributes: Punctuated::parse_terminated(input)? })
    }
}

/// Each `#[cfg(..)]` among these, also from within a `#[cfg_attr(..)]`.
pub(crate) fn conditions(attrs: &[Attribute]) -> Vec<TokenStream> {
    let mut conditions = Vec::new();
    for attr in attrs {
        if attr.path().is_ident("cfg") {
            conditions.push(attr.to_token_stream());
        } else if let Some(CfgAttr { condition, attributes }) = CfgAttr::of(attr) {
            for inner in attributes.iter().filter(|inner| inner.path().is_ident("cfg")) {
                if let Meta::List(list) = inner {
                    let then = &list.tokens;
                    conditions.push(quote!(#[cfg(any(not(#condition), #then))]));
                }
            }
        }
    }
    conditions
}

/// Whether the attribute may take away what it stands on.
pub(crate) fn is_condition(attr: &Attribute) -> bool {
    attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr")
}
