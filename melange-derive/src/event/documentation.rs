//! What the documents say of an event beside its descriptor: its doc comments, its fields and their types.
//!
//! All of it goes through a macro of the core, which drops it where nobody makes documents.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Attribute, Data, DeriveInput, Expr, ExprLit, Fields, Lit, Meta, Type};

use super::model::{Field, Model, Variant};
use super::self_type;
use super::serde_attrs::{SerdeContainer, SerdeField};
use crate::krate::core;
use crate::spelling::{spelled, text};

/// The constant that the descriptor takes it from.
pub(crate) fn documentation(input: &DeriveInput, model: &Model<'_>) -> TokenStream {
    let (core, ident) = (core(), &input.ident);
    let docs = docs(&input.attrs);
    let shape = shape(input, &model.serde);
    let deprecated = deprecated(&input.attrs).map(|note| quote!(.deprecated(#note)));
    let fields: Vec<TokenStream> = match &input.data {
        Data::Enum(_) => model.variants.iter().map(|variant| part(&variant.name, &variant.source.attrs)).collect(),
        _ if model.serde.other_shape => Vec::new(),
        _ => model.fields.iter().enumerate().filter_map(|(place, of)| field(input, place, of, model)).collect(),
    };
    let variants = matches!(input.data, Data::Enum(_)).then(|| variants(input, model));
    quote! {
        const __MELANGE_DOCUMENTATION: #core::Documented = #core::__documented! {{
            // Only known where a type has no schema of its own; then the trait's constant is what is found.
            use #core::WithoutSchema as _;
            #core::Documentation::new(#docs, #core::Shape::#shape, #core::SchemaOf::<#ident>::FOUND)
                .with_fields(const { &[#(#fields),*] })
                #variants
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

/// What the variants of an enum hold, and how they are told apart.
fn variants(input: &DeriveInput, model: &Model<'_>) -> TokenStream {
    let core = core();
    let tagged = match (&model.serde.tag, &model.serde.content) {
        _ if model.serde.is_untagged() => quote!(Untagged),
        (Some(tag), Some(content)) => quote!(Beside(#tag, #content)),
        (Some(tag), None) => quote!(Inside(#tag)),
        (None, _) => quote!(Around),
    };
    let variants = model.variants.iter().map(|variant| one_variant(input, variant, model));
    quote!(.with_variants(#core::Tagged::#tagged, const { &[#(#variants),*] }))
}

fn one_variant(input: &DeriveInput, variant: &Variant<'_>, model: &Model<'_>) -> TokenStream {
    let core = core();
    let (written, read) = model.serde.variant_names(&text(&variant.source.ident), &variant.own);
    let written = written.map_or_else(|| quote!(#core::Option::None), |name| quote!(#core::Option::Some(#name)));
    let aliases = variant.own.aliases.iter().map(syn::LitStr::value);
    let read = read.map(|name| std::iter::once(name).chain(aliases).collect::<Vec<_>>()).unwrap_or_default();
    let docs = docs(&variant.source.attrs);
    let fields = || variant.fields.iter().map(|(field, _, serde)| (field, serde));
    // One that is left out one way only is another kind of variant each way.
    let partly = fields().any(|(field, serde)| field.ident.is_none() && serde.is_skipped());
    let holds = match &variant.source.fields {
        _ if variant.own.custom || partly => quote!(Anything),
        Fields::Unit => quote!(Nothing),
        Fields::Named(_) => quote!(Fields),
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => quote!(One),
        Fields::Unnamed(_) => quote!(List),
    };
    let parts = fields().enumerate().filter_map(|(place, (source, serde))| {
        let name = source.ident.as_ref().map(text);
        let written = name.as_deref().and_then(|name| serde.written(name, &variant.serde));
        let read = name.as_deref().and_then(|name| serde.read_as(name, &variant.serde));
        let part = Part { source, serde, written, read, place };
        part.tokens(input, &variant.serde, &[])
    });
    let untagged = variant.own.untagged.then(|| quote!(.untagged()));
    let other = variant.own.other.then(|| quote!(.other()));
    quote!(#core::VariantDocumentation::new(#written, &[#(#read),*], #docs, #core::Holds::#holds, const { &[#(#parts),*] }) #untagged #other)
}

/// A field that is written or read.
fn field(input: &DeriveInput, place: usize, field: &Field<'_>, model: &Model<'_>) -> Option<TokenStream> {
    let (written, read) = (field.written.clone(), field.read.clone());
    let part = Part { source: field.source, serde: &field.serde, written, read, place };
    let marks = [
        (field.attrs.key.is_some(), "key"),
        (field.attrs.dedup_id.is_some(), "dedup_id"),
        (field.attrs.topic.is_some(), "topic"),
        (field.attrs.occurred_on.is_some(), "occurred_on"),
    ];
    let tokens = part.tokens(input, &model.serde, &marks)?;
    let attribute = field.attribute_name().map(|name| quote!(.attribute(#name)));
    Some(quote!(#tokens #attribute))
}

/// A field of a struct or a variant.
struct Part<'a> {
    source: &'a syn::Field,
    serde: &'a SerdeField,
    written: Option<String>,
    read: Option<String>,
    place: usize,
}

impl Part<'_> {
    fn tokens(&self, input: &DeriveInput, container: &SerdeContainer, marks: &[(bool, &str)]) -> Option<TokenStream> {
        let (core, serde, source) = (core(), self.serde, self.source);
        let name = match &source.ident {
            Some(ident) if serde.flatten => text(ident),
            Some(_) => self.written.clone().or_else(|| self.read.clone())?,
            None if serde.is_on_no_wire() => return None,
            None => self.place.to_string(),
        };
        let ty = self_type::in_type(&source.ty, &input.ident);
        let (spelled, docs) = (spelled(&source.ty), docs(&source.attrs));
        let schema = if serde.custom || matches!(ty, Type::Macro(_)) {
            quote!(#core::Option::None)
        } else {
            // Of a type that is not there the compiler says at the event's name that it may be a type parameter: here as elsewhere,
            // so that it is said once.
            let name = Ident::new("__MelangeField", input.ident.span());
            quote!({
                type #name = #ty;
                #core::SchemaOf::<#name>::FOUND
            })
        };
        let (not_written, not_read) = serde.skipped();
        let more = [
            (serde.flatten, "flatten"),
            (!serde.flatten && not_written, "not_written"),
            (!serde.flatten && not_read, "not_read"),
            (serde.skip_if, "left_out"),
            (serde.fills_in(&source.ty, container), "filled_in"),
            (!serde.aliases.is_empty(), "aliased"),
        ];
        let marks = marks.iter().chain(&more).filter(|(is, _)| *is);
        let marks = marks.map(|(_, mark)| Ident::new(mark, Span::call_site()));
        Some(quote!(#core::FieldDocumentation::new(#name, #spelled, #docs, #schema) #(.#marks())*))
    }
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
