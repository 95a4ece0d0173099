//! Whether threads may share the event, asked so that the answer is one error, at the field that is to blame.
//!
//! The trait of events asks as well, for `Send` and for `Sync`, in an error each and at the event's name. But of an impl whose own
//! conditions cannot be evaluated the compiler says nothing more. So the condition is evaluated here, in words of ours.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Fields, Type};

use super::self_type;
use crate::krate::{core, core_at, variable};
use crate::spelling::{spelled, text};

/// A constant that can be evaluated if threads may share the event.
pub(crate) fn shared(input: &DeriveInput) -> TokenStream {
    let (core, ident) = (core(), &input.ident);
    let types = types(&input.data).into_iter().map(|ty| self_type::in_type(ty, ident));
    let (mut functions, mut fields) = (TokenStream::new(), TokenStream::new());
    for (number, ty) in types.enumerate() {
        // A name for the type, at the event's own: what the compiler says alike of both where there is no such type, it says once.
        let name = Ident::new(&format!("__MelangeField{number}"), ident.span());
        let is_shared = variable(&format!("field_{number}"));
        functions.extend(quote! {
            const fn #is_shared() -> bool {
                use #core::Unshared as _;
                type #name = #ty;
                #core::Sharing::<#name>::IS_SHARED
            }
        });
        fields.extend(check(&quote!(#is_shared()), &spelled(&ty), place(&ty)));
    }
    let whole = check(&quote!(#core::Sharing::<#ident>::IS_SHARED), &text(ident), ident.span());
    // Functions, since a field may be of a type that takes events alone: whether this is one is still being asked here.
    // Whoever promises of the whole that it can be shared need not promise it of the parts.
    quote! {
        #functions
        const __MELANGE_SHARED: usize = {
            use #core::Unshared as _;
            if !#core::Sharing::<#ident>::IS_SHARED {
                #fields
                #whole
            }
            0
        };
    }
}

fn check(is_shared: &TokenStream, name: &str, span: Span) -> TokenStream {
    let core = core_at(span);
    let message = format!(
        "threads share events, and `{name}` is not `Send` and `Sync`: take an `Arc` for an `Rc`, an atomic for a `Cell`, a `Mutex` \
         for a `RefCell`, `dyn Trait + Send + Sync` for `dyn Trait`"
    );
    quote_spanned!(span=> #core::assert!(#is_shared, #message);)
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
