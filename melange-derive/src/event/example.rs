//! `#[event(example = ..)]`: values of the event, for the documents and for people.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::attr::ContainerAttrs;
use crate::krate::{core, core_at};

/// The impl that holds them, where `Self` is the event, and how the descriptor takes them.
pub(crate) fn examples(event: &Ident, attrs: &ContainerAttrs) -> Option<(TokenStream, TokenStream)> {
    if attrs.examples.is_empty() {
        return None;
    }
    let core = core();
    let examples = attrs.examples.iter().map(|written| example(event, written));
    let held = quote! {
        #[automatically_derived]
        impl #core::WithExamples for #event {
            const EXAMPLES: &'static [fn() -> #core::Example] = &[#(#examples),*];
        }
    };
    Some((held, quote!(.with_examples(<#event as #core::WithExamples>::EXAMPLES))))
}

/// Spanned on what was written, where a value of another type is then reported.
fn example(event: &Ident, written: &TokenStream) -> TokenStream {
    let span = written.span();
    let core = core_at(span);
    quote_spanned!(span=> || #core::Example::of::<#event>(#written))
}
