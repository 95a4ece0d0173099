//! Where in the user's source something stands, as an expression for the core.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};

use crate::krate::Krate;

/// A `Location` with the line of `token` itself: two handlers of one impl block do not share a line.
pub(crate) fn location(krate: &Krate, token: &Ident) -> TokenStream {
    let private = krate.private();
    let line = match line(token) {
        Some(line) => line.to_token_stream(),
        None => quote!(#private::line!()),
    };
    quote!(#krate::Location::new(#private::module_path!(), #private::file!(), #line))
}

/// The line, when this runs inside the compiler.
fn line(token: &Ident) -> Option<proc_macro2::Literal> {
    let line = proc_macro::is_available().then(|| token.span().unwrap().line())?;
    Some(proc_macro2::Literal::usize_unsuffixed(line))
}

/// The identifier as text, without `r#`.
pub(crate) fn text(ident: &Ident) -> String {
    syn::ext::IdentExt::unraw(ident).to_string()
}
