//! How generated code reaches the core: by one name, which one import brings.
//!
//! So a wrong `crate = path`, or no dependency on Melange at all, is one error at one place.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Path;
use syn::spanned::Spanned;

/// Where the core is: `::melange`, or what `crate = path` says.
#[derive(Clone, Default)]
pub(crate) struct Krate(Option<Path>);

impl Krate {
    /// The core is at `path`.
    pub(crate) fn at(path: Path) -> Self {
        Self(Some(path))
    }

    /// These items in a scope of their own, where the attribute `listens_to` is this macro of the core's.
    pub(crate) fn with_listens_to(&self, is: &str, items: &TokenStream) -> TokenStream {
        let (is, path) = (Ident::new(is, Span::call_site()), self.0.as_ref());
        let path = path.map_or_else(|| quote!(::melange), |path| quote!(#path));
        quote! {
            const _: () = {
                use #path::__private::#is as listens_to;
                #items
            };
        }
    }

    /// These items in a scope of their own, where [`core()`] is the core.
    pub(crate) fn scope(&self, items: &TokenStream) -> TokenStream {
        let import = match &self.0 {
            Some(path) => {
                let core = core_at(path.span());
                quote_spanned!(path.span()=> use #path::__private as #core;)
            }
            None => {
                let core = core();
                quote!(use ::melange::__private as #core;)
            }
        };
        quote! {
            #[doc(hidden)]
            #[allow(
                deprecated,
                unexpected_cfgs,
                unused_qualifications,
                reason = "generated: what is deprecated takes part, and paths are as long as they must be anywhere"
            )]
            const _: () = {
                #import
                #items
            };
        }
    }
}

/// The core's door for generated code.
pub(crate) fn core() -> Ident {
    core_at(Span::call_site())
}

/// The same, at the user's token that is to blame if what follows does not fit.
pub(crate) fn core_at(span: Span) -> Ident {
    Ident::new("__melange", span)
}

/// A variable that no name of the user's can be taken for: patterns would match a constant or a unit struct.
pub(crate) fn variable(name: &str) -> Ident {
    Ident::new(&format!("__melange_{name}"), Span::mixed_site())
}
