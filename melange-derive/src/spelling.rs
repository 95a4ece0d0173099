//! How the user's tokens read.

use proc_macro2::Ident;
use quote::ToTokens;

/// The identifier as text, without `r#`.
pub(crate) fn text(ident: &Ident) -> String {
    syn::ext::IdentExt::unraw(ident).to_string()
}

/// A type or a path as a person would write it.
pub(crate) fn spelled(tokens: impl ToTokens) -> String {
    let mut text = tokens.to_token_stream().to_string();
    for (wide, narrow) in
        [(" :: ", "::"), (":: ", "::"), (" < ", "<"), (" >", ">"), (" ,", ","), ("& ", "&"), ("( ", "("), (" )", ")")]
    {
        text = text.replace(wide, narrow);
    }
    text
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn types_read_as_they_are_written() {
        for written in ["&a::B<C, D>", "::a::B", "Arc<OrderPlaced>", "&'a str", "(A, B)"] {
            let tokens: proc_macro2::TokenStream = written.parse().unwrap();
            assert_eq!(spelled(quote!(#tokens)), written);
        }
    }
}
