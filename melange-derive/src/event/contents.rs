//! What an event is made of, for its descriptor: its fields or its variants, by their names on the wire.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Member, Type};

use super::model::{Field, Model, Variant};
use super::serde_attrs::{SerdeContainer, SerdeField, is_option};
use crate::krate::core;
use crate::spelling::{spelled, text};

/// `.with_fields(..)` or `.with_variants(..)`; nothing where serde writes another type.
pub(crate) fn contents(model: &Model<'_>) -> TokenStream {
    let core = core();
    if model.serde.other_shape {
        return TokenStream::new();
    }
    let fields: Vec<TokenStream> = model.fields.iter().filter_map(|field| of_struct(field, &model.serde)).collect();
    let variants: Vec<TokenStream> = model.variants.iter().map(|of| variant(of, &model.serde)).collect();
    let mut contents = TokenStream::new();
    if !fields.is_empty() {
        contents.extend(quote!(.with_fields(const { &[#(#fields),*] })));
    }
    if !variants.is_empty() {
        contents.extend(quote!(.with_variants(const { &[#(#core::Variant::new #variants),*] })));
    }
    if let (Some(tag), false) = (model.serde.inner_tag(), variants.is_empty()) {
        contents.extend(quote!(.with_tagging(#core::Tagging::Inside(#tag))));
    } else if model.serde.is_read_by_way_of_anything() {
        contents.extend(quote!(.with_tagging(#core::Tagging::Untagged)));
    }
    contents
}

fn of_struct(field: &Field<'_>, container: &SerdeContainer) -> Option<TokenStream> {
    let descriptor = descriptor(&field.member, field.ty(), &field.serde, container)?;
    let key = field.attrs.key.is_some().then(|| quote!(.key()));
    Some(quote!(#descriptor #key))
}

/// The arguments of `Variant::new`.
fn variant(variant: &Variant<'_>, container: &SerdeContainer) -> TokenStream {
    let fields = variant.fields.iter().filter_map(|(field, member, serde)| {
        let descriptor = descriptor(member, &field.ty, serde, &variant.serde)?;
        let is_asked = container.is_read_by_way_of_anything() && !serde.flatten && !serde.custom;
        let traced = is_asked.then(|| traced(&field.ty)).map(|traced| quote!(.looked_into(#traced)));
        Some(quote!(#descriptor #traced))
    });
    let name = &variant.name;
    quote!((#name, const { &[#(#fields),*] }))
}

/// Nothing for a field that is on no wire.
fn descriptor(member: &Member, ty: &Type, serde: &SerdeField, container: &SerdeContainer) -> Option<TokenStream> {
    let core = core();
    let ident = match member {
        Member::Named(ident) => text(ident),
        Member::Unnamed(index) => index.index.to_string(),
    };
    let type_name = spelled(ty);
    if serde.flatten {
        let optional = is_option(ty).then(|| quote!(.optional()));
        let traced = traced(ty);
        return Some(quote!(#core::Field::new(#ident, #type_name).flattened(#traced) #optional));
    }
    let name = serde.read_as(&ident, container).or_else(|| serde.written(&ident, container))?;
    let may_be_absent = serde.fills_in(ty, container) || serde.read_as(&ident, container).is_none();
    let optional = may_be_absent.then(|| quote!(.optional()));
    Some(quote!(#core::Field::new(#name, #type_name) #optional))
}

/// The way into a type. Asked of the type itself, as it may be read by a function and not by serde.
fn traced(ty: &Type) -> TokenStream {
    let core = core();
    quote!({
        #[allow(unused_imports, reason = "generated: needed for types that serde does not read")]
        use #core::Untraced as _;
        <#core::Probe<#ty>>::TRACED
    })
}
