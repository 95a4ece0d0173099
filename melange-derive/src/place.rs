//! Where in the user's source something stands, as an expression for the core.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};

use crate::krate::core;

/// A `Location` with the line of `token` itself: two handlers of one impl block do not share a line.
pub(crate) fn location(token: &Ident) -> TokenStream {
    let core = core();
    let line = match line(token) {
        Some(line) => line.to_token_stream(),
        None => quote!(#core::line!()),
    };
    quote!(#core::Location::new(#core::module_path!(), #core::file!(), #line))
}

/// The line, when this runs inside the compiler.
fn line(token: &Ident) -> Option<proc_macro2::Literal> {
    let line = proc_macro::is_available().then(|| token.span().unwrap().line())?;
    Some(proc_macro2::Literal::usize_unsuffixed(line))
}
