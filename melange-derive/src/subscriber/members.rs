//! The methods of an impl block, with their bodies left alone.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Generics, Path, Signature, Token, Type, Visibility, WhereClause};

use super::is_function;

/// An impl block.
pub(crate) struct ImplBlock {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) generics: Generics,
    /// The trait, when it is the impl of one.
    pub(crate) of_trait: Option<Type>,
    pub(crate) self_type: Type,
    pub(crate) methods: Vec<Method>,
}

/// A function in an impl block.
pub(crate) struct Method {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) signature: Signature,
}

impl Parse for ImplBlock {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        input.parse::<Option<Token![default]>>()?;
        input.parse::<Option<Token![unsafe]>>()?;
        input.parse::<Token![impl]>()?;
        let generics: Generics = input.parse()?;
        input.parse::<Option<Token![!]>>()?;
        let mut self_type: Type = input.parse()?;
        let mut of_trait = None;
        if input.parse::<Option<Token![for]>>()?.is_some() {
            of_trait = Some(self_type);
            self_type = input.parse()?;
        }
        input.parse::<Option<WhereClause>>()?;
        let content;
        syn::braced!(content in input);
        content.call(Attribute::parse_inner)?;
        let mut methods = Vec::new();
        while !content.is_empty() {
            let attrs = content.call(Attribute::parse_outer)?;
            content.parse::<Visibility>()?;
            if is_function(&content) {
                methods.push(Method { attrs, signature: content.parse()? });
                content.parse::<TokenTree>()?;
            } else {
                skip_item(&content)?;
            }
        }
        Ok(Self { attrs, generics, of_trait, self_type, methods })
    }
}

/// Passes over a constant, a type or a macro.
fn skip_item(input: ParseStream<'_>) -> syn::Result<()> {
    let ends_with_semicolon = input.peek(Token![const]) || input.peek(Token![type]);
    loop {
        match input.parse::<TokenTree>()? {
            TokenTree::Punct(punct) if punct.as_char() == ';' => return Ok(()),
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace && !ends_with_semicolon => return Ok(()),
            _ => {}
        }
    }
}

impl Method {
    /// The `#[listens_to]` on it.
    pub(crate) fn listens_to(&self) -> impl Iterator<Item = &Attribute> {
        self.attrs.iter().filter(|attr| attr.path().is_ident("listens_to"))
    }
}

impl ImplBlock {
    /// What the type is called.
    pub(crate) fn name(&self) -> String {
        let last = |path: &Path| path.segments.last().map(|last| crate::place::text(&last.ident));
        match super::events::peel(&self.self_type) {
            Type::Path(path) => last(&path.path),
            _ => None,
        }
        .unwrap_or_else(|| super::events::spelled(&self.self_type))
    }
}

/// The item without the `#[listens_to]` of its methods, whatever else is wrong with it.
pub(crate) fn strip(item: TokenStream) -> TokenStream {
    let strip_body = |tree| match tree {
        TokenTree::Group(body) if body.delimiter() == Delimiter::Brace => {
            let mut stripped = Group::new(Delimiter::Brace, strip_attributes(body.stream()));
            stripped.set_span(body.span());
            TokenTree::Group(stripped)
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
            TokenTree::Group(group) if after_hash && is_listens_to(&group) => {
                kept.pop();
            }
            other => kept.push(other),
        }
    }
    kept.into_iter().collect()
}

fn is_listens_to(group: &Group) -> bool {
    group.delimiter() == Delimiter::Bracket
        && matches!(group.stream().into_iter().next(), Some(TokenTree::Ident(ident)) if ident == "listens_to")
}
