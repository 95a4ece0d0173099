//! Whether threads may share the event, asked so that the answer is one error, at the field that is to blame.
//!
//! The trait of events asks as well, for `Send` and for `Sync`, in an error each and at the event's name. But of an impl whose own
//! conditions cannot be evaluated the compiler says nothing more. So the condition is evaluated here, in words of ours.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Fields, Type};

use super::self_type;
use crate::krate::{core, core_at};
use crate::spelling::{spelled, text};

/// A constant that can be evaluated if threads may share the event.
pub(crate) fn shared(input: &DeriveInput) -> TokenStream {
    let (core, ident) = (core(), &input.ident);
    let types = types(&input.data).into_iter().map(|ty| self_type::in_type(ty, ident));
    let fields = types.map(|ty| check(&ty, &spelled(&ty), place(&ty)));
    let whole = check(ident, &text(ident), ident.span());
    // Whoever promises of the whole that it can be shared need not promise it of the parts.
    quote! {
        const __MELANGE_SHARED: usize = {
            use #core::Unshared as _;
            if !#core::Sharing::<#ident>::IS_SHARED {
                #(#fields)*
                #whole
            }
            0
        };
    }
}

fn check(ty: impl ToTokens, name: &str, span: Span) -> TokenStream {
    let core = core_at(span);
    let message = format!(
        "threads share events, and `{name}` is not `Send` and `Sync`: take an `Arc` for an `Rc`, an atomic for a `Cell`, a `Mutex` \
         for a `RefCell`, `dyn Trait + Send + Sync` for `dyn Trait`"
    );
    quote_spanned!(span=> #core::assert!(#core::Sharing::<#ty>::IS_SHARED, #message);)
}

/// The word of the type that names it best.
fn place(ty: &Type) -> Span {
    match ty {
        Type::Path(path) => path.path.segments.last().map_or_else(|| ty.span(), |last| last.ident.span()),
        _ => ty.span(),
    }
}

fn types(data: &Data) -> Vec<&Type> {
    let fields: Vec<&Fields> = match data {
        Data::Struct(data) => vec![&data.fields],
        Data::Enum(data) => data.variants.iter().map(|variant| &variant.fields).collect(),
        Data::Union(_) => Vec::new(),
    };
    fields.into_iter().flatten().map(|field| &field.ty).collect()
}
