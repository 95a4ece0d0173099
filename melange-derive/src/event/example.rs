//! `#[event(example = ..)]`: values of the event, for the documents and for people.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::Expr;
use syn::spanned::Spanned;

use super::attr::ContainerAttrs;
use super::self_type;
use crate::krate::{core, core_at};

/// `.with_examples(..)`, if there are any.
pub(crate) fn examples(event: &Ident, attrs: &ContainerAttrs) -> Option<TokenStream> {
    let core = core();
    let examples: Vec<TokenStream> = attrs.examples.iter().map(|written| example(event, written)).collect();
    (!examples.is_empty()).then(|| {
        quote! {
            .with_examples({
                const EXAMPLES: &'static [fn() -> #core::Example] = &[#(#examples),*];
                EXAMPLES
            })
        }
    })
}

/// Spanned on what was written, where a value of another type is then reported.
fn example(event: &Ident, written: &TokenStream) -> TokenStream {
    let span = written.span();
    let core = core_at(span);
    let value = match syn::parse2::<Expr>(written.clone()) {
        Ok(value) => {
            let value = self_type::in_expression(value, event);
            quote!(#value)
        }
        Err(_) => written.clone(),
    };
    quote_spanned!(span=> || #core::Example::of::<#event>(#value))
}
