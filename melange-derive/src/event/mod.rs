//! `#[derive(Event)]`.

mod attr;
mod both_ways;
mod check;
mod contents;
mod documentation;
mod example;
mod expand;
mod model;
mod rename_all;
mod self_type;
mod serde_attrs;
mod shared;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::problems::Problems;
use attr::ContainerAttrs;

/// The impl and the registration, or the mistakes and a stub.
pub(crate) fn derive(item: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(item) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let mut problems = Problems::default();
    let attrs = ContainerAttrs::read(&input.attrs, &mut problems);
    let model = model::Model::read(&input, &attrs, &mut problems);
    check::check(&input, &attrs, &model, &mut problems);
    if problems.is_empty() {
        expand::event(&input, &attrs, &model)
    } else {
        let mut tokens = problems.into_tokens();
        tokens.extend(expand::stub(&input, &attrs));
        tokens
    }
}
