//! What the documents say of an event beside its descriptor: its doc comments, its fields and their types.
//!
//! All of it goes through a macro of the core, which drops it where nobody makes documents.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Attribute, Data, DeriveInput, Expr, ExprLit, Fields, Lit, Meta, Type};

use super::model::{Field, Model};
use super::self_type;
use super::serde_attrs::SerdeContainer;
use crate::krate::core;
use crate::spelling::{spelled, text};

/// The constant that the descriptor takes it from.
pub(crate) fn documentation(input: &DeriveInput, model: &Model<'_>) -> TokenStream {
    let (core, ident) = (core(), &input.ident);
    let docs = docs(&input.attrs);
    let shape = shape(input, &model.serde);
    let deprecated = deprecated(&input.attrs).map(|note| quote!(.deprecated(#note)));
    let fields: Vec<TokenStream> = match &input.data {
        Data::Enum(data) => data.variants.iter().map(|variant| part(&text(&variant.ident), &variant.attrs)).collect(),
        _ if model.serde.other_shape => Vec::new(),
        _ => model.fields.iter().enumerate().filter_map(|(place, of)| field(input, place, of, model)).collect(),
    };
    quote! {
        const __MELANGE_DOCUMENTATION: #core::Documented = #core::__documented! {{
            // Only known where a type has no schema of its own; then the trait's constant is what is found.
            use #core::WithoutSchema as _;
            #core::Documentation::new(#docs, #core::Shape::#shape, #core::SchemaOf::<#ident>::FOUND)
                .with_fields(const { &[#(#fields),*] })
                #deprecated
        }};
    }
}

/// Which of the core's shapes it is.
fn shape(input: &DeriveInput, serde: &SerdeContainer) -> TokenStream {
    match &input.data {
        _ if serde.other_shape => quote!(Other),
        Data::Struct(data) => match &data.fields {
            Fields::Named(_) => quote!(Named),
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => quote!(Newtype),
            Fields::Unnamed(_) => quote!(Tuple),
            Fields::Unit => quote!(Unit),
        },
        Data::Enum(_) => quote!(Enum),
        Data::Union(_) => quote!(Other),
    }
}

/// A variant of an enum.
fn part(name: &str, attrs: &[Attribute]) -> TokenStream {
    let (core, docs) = (core(), docs(attrs));
    quote!(#core::FieldDocumentation::new(#name, "", #docs, #core::Option::None))
}

/// A field that is written or read.
fn field(input: &DeriveInput, place: usize, field: &Field<'_>, model: &Model<'_>) -> Option<TokenStream> {
    let core = core();
    let serde = &field.serde;
    let name = match &field.source.ident {
        Some(ident) if serde.flatten => text(ident),
        Some(_) => field.written.clone().or_else(|| field.read.clone())?,
        None => place.to_string(),
    };
    let ty = self_type::in_type(field.ty(), &input.ident);
    let (spelled, docs) = (spelled(field.ty()), docs(&field.source.attrs));
    let schema = if serde.custom || matches!(ty, Type::Macro(_)) {
        quote!(#core::Option::None)
    } else {
        quote!(#core::SchemaOf::<#ty>::FOUND)
    };
    let named = field.source.ident.is_some() && !serde.flatten;
    let marks = [
        (field.attrs.key.is_some(), "key"),
        (field.attrs.dedup_id.is_some(), "dedup_id"),
        (field.attrs.topic.is_some(), "topic"),
        (field.attrs.occurred_on.is_some(), "occurred_on"),
        (serde.flatten, "flatten"),
        (named && field.written.is_none(), "not_written"),
        (named && field.read.is_none(), "not_read"),
        (serde.skip_if, "left_out"),
        (serde.fills_in(field.ty(), &model.serde), "filled_in"),
    ];
    let marks = marks.into_iter().filter(|(is, _)| *is).map(|(_, mark)| Ident::new(mark, Span::call_site()));
    let attribute = field.attribute_name().map(|name| quote!(.attribute(#name)));
    Some(quote!(#core::FieldDocumentation::new(#name, #spelled, #docs, #schema) #(.#marks())* #attribute))
}

/// The doc comment, as an expression: a part of it may be a macro, such as `include_str!`.
fn docs(attrs: &[Attribute]) -> TokenStream {
    let core = core();
    let lines: Vec<TokenStream> = attrs
        .iter()
        .filter_map(|attr| match &attr.meta {
            Meta::NameValue(doc) if doc.path.is_ident("doc") => Some(line(&doc.value)),
            _ => None,
        })
        .collect();
    quote!(#core::concat!(#(#lines, "\n"),*))
}

fn line(value: &Expr) -> TokenStream {
    let Some(text) = literal(value) else { return value.to_token_stream() };
    // Rust leaves the space after `///` to whoever reads it.
    text.strip_prefix(' ').unwrap_or(&text).to_token_stream()
}

fn literal(value: &Expr) -> Option<String> {
    let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = value else { return None };
    Some(text.value())
}

/// The note of Rust's own `#[deprecated]`; empty if there is none.
fn deprecated(attrs: &[Attribute]) -> Option<String> {
    let attr = attrs.iter().find(|attr| attr.path().is_ident("deprecated"))?;
    let mut note = String::new();
    match &attr.meta {
        Meta::NameValue(value) => note = literal(&value.value).unwrap_or_default(),
        Meta::List(_) => {
            // What is wrong in it, the compiler says.
            let _ = attr.parse_nested_meta(|meta| {
                let text: syn::LitStr = meta.value()?.parse()?;
                if meta.path.is_ident("note") {
                    note = text.value();
                }
                Ok(())
            });
        }
        Meta::Path(_) => {}
    }
    Some(note)
}
