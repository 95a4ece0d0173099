//! The methods of an impl block, with their bodies left alone.

use proc_macro2::{Delimiter, Span, TokenTree};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Generics, Path, Signature, Token, Type, Visibility};

use super::is_function;
use super::mark::Mark;
use crate::spelling::{spelled, text};

/// An impl block.
pub(crate) struct ImplBlock {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) impl_at: Span,
    pub(crate) generics: Generics,
    /// The trait, when it is the impl of one.
    pub(crate) of_trait: Option<Type>,
    pub(crate) self_type: Type,
    pub(crate) methods: Vec<Method>,
    /// The `#[listens_to]` on what is no method.
    pub(crate) misplaced: Vec<Mark>,
    /// The first macro that is called among the methods.
    pub(crate) macro_call: Option<Path>,
}

/// A function in an impl block.
pub(crate) struct Method {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) signature: Signature,
    /// The `#[listens_to]` on it.
    pub(crate) marks: Vec<Mark>,
}

impl Parse for ImplBlock {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        input.parse::<Option<Token![default]>>()?;
        input.parse::<Option<Token![unsafe]>>()?;
        let impl_at = input.parse::<Token![impl]>()?.span;
        let mut generics: Generics = input.parse()?;
        input.parse::<Option<Token![!]>>()?;
        let mut self_type: Type = input.parse()?;
        let mut of_trait = None;
        if input.parse::<Option<Token![for]>>()?.is_some() {
            of_trait = Some(self_type);
            self_type = input.parse()?;
        }
        generics.where_clause = input.parse()?;
        let content;
        syn::braced!(content in input);
        content.call(Attribute::parse_inner)?;
        let (mut methods, mut misplaced) = (Vec::new(), Vec::new());
        let mut macro_call = None;
        while !content.is_empty() {
            let attrs = content.call(Attribute::parse_outer)?;
            let marks = Mark::among(&attrs);
            content.parse::<Visibility>()?;
            content.parse::<Option<Token![default]>>()?;
            if is_function(&content) {
                methods.push(Method { attrs, signature: content.parse()?, marks });
                content.parse::<TokenTree>()?;
            } else {
                misplaced.extend(marks);
                let called = macro_path(&content);
                macro_call = macro_call.or(called);
                skip_item(&content)?;
            }
        }
        Ok(Self { attrs, impl_at, generics, of_trait, self_type, methods, misplaced, macro_call })
    }
}

/// The path of a macro that is called next.
fn macro_path(input: ParseStream<'_>) -> Option<Path> {
    let fork = input.fork();
    let path = fork.call(Path::parse_mod_style).ok()?;
    fork.peek(Token![!]).then_some(path)
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

impl ImplBlock {
    /// What the type is called.
    pub(crate) fn name(&self) -> String {
        let last = |path: &Path| path.segments.last().map(|last| text(&last.ident));
        match super::events::peel(&self.self_type) {
            Type::Path(path) => last(&path.path),
            _ => None,
        }
        .unwrap_or_else(|| spelled(&self.self_type))
    }
}
