//! The macros of Melange: `#[derive(Event)]` and `#[subscriber]`. Use them through the `melange` crate, which documents
//! them where it exports them.
//!
//! Each macro goes through the same steps: parse what the user wrote, check it and collect every mistake, expand. When
//! there are mistakes the user's item is still there, with a stub beside it, so that one mistake is one error.

mod cfg;
mod duration;
mod event;
mod krate;
mod names;
mod nearest;
mod option;
mod options;
mod place;
mod problems;
mod spelling;
mod subscriber;

use proc_macro::TokenStream;

/// Makes a struct or an enum an event.
#[proc_macro_derive(Event, attributes(event))]
pub fn derive_event(item: TokenStream) -> TokenStream {
    event::derive(item.into()).into()
}

/// Makes a function, or the methods of an impl block, subscribers.
#[proc_macro_attribute]
pub fn subscriber(options: TokenStream, item: TokenStream) -> TokenStream {
    subscriber::attribute(options.into(), item.into()).into()
}
