//! The macros of Melange.
use proc_macro::TokenStream;
/// stub
#[proc_macro_derive(Event, attributes(event))]
pub fn derive_event(_: TokenStream) -> TokenStream { TokenStream::new() }
/// stub
#[proc_macro_attribute]
pub fn subscriber(_: TokenStream, item: TokenStream) -> TokenStream { item }
