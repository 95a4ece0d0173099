//! What `#[derive(Event)]` becomes.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::DeriveInput;
use syn::spanned::Spanned;

use super::attr::ContainerAttrs;
use super::model::{Field, Model};
use crate::place::{location, text};

/// The impl and the registration.
pub(crate) fn event(input: &DeriveInput, attrs: &ContainerAttrs, model: &Model<'_>) -> TokenStream {
    let (krate, private, ident) = (&attrs.krate, attrs.krate.private(), &input.ident);
    let new = new_descriptor(input, attrs);
    let more = more_of_descriptor(input, attrs, model);
    let route = route(attrs, model);
    quote! {
        #[automatically_derived]
        impl #krate::Event for #ident {
            const DESCRIPTOR: &'static #krate::EventDescriptor = &#new #more;
            #route
        }
        #[cfg(not(target_family = "wasm"))]
        #[allow(deprecated, reason = "a deprecated event is still an event")]
        const _: () = {
            #krate::__register! { #private::Entry::Event(<#ident as #krate::Event>::DESCRIPTOR) }
        };
    }
}

/// An impl that is good enough for the rest of the program to be checked.
pub(crate) fn stub(input: &DeriveInput, attrs: &ContainerAttrs) -> TokenStream {
    let (krate, private, ident) = (&attrs.krate, attrs.krate.private(), &input.ident);
    let mut generics = input.generics.clone();
    if !generics.params.is_empty() {
        generics
            .make_where_clause()
            .predicates
            .push(syn::parse_quote!(Self: #private::Send + #private::Sync + 'static));
    }
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let name = text(ident);
    quote! {
        #[automatically_derived]
        impl #impl_generics #krate::Event for #ident #type_generics #where_clause {
            const DESCRIPTOR: &'static #krate::EventDescriptor =
                &#krate::EventDescriptor::new::<Self>(#name, #name, #krate::Location::new("", "", 0));
        }
    }
}

fn new_descriptor(input: &DeriveInput, attrs: &ContainerAttrs) -> TokenStream {
    let (krate, private, ident) = (&attrs.krate, attrs.krate.private(), &input.ident);
    let type_name = format!("::{}", text(ident));
    let name = attrs.name.as_ref().map_or_else(|| text(ident), syn::LitStr::value);
    let location = location(krate, ident);
    quote! {
        #krate::EventDescriptor::new::<#ident>(#name, #private::concat!(#private::module_path!(), #type_name), #location)
    }
}

fn more_of_descriptor(input: &DeriveInput, attrs: &ContainerAttrs, model: &Model<'_>) -> TokenStream {
    let (private, ident) = (attrs.krate.private(), &input.ident);
    let mut more = TokenStream::new();
    if let Some(version) = &attrs.version {
        more.extend(quote!(.with_version(#version)));
    }
    if let Some(topic) = &attrs.topic {
        more.extend(quote!(.with_topic(#topic)));
    }
    if !attrs.aliases.is_empty() {
        let aliases = &attrs.aliases;
        more.extend(quote!(.with_aliases(&[#(#aliases),*])));
    }
    if !attrs.upcasts.is_empty() {
        let upcasts =
            attrs.upcasts.iter().map(|old| quote_spanned!(old.span()=> #private::Upcast::of::<#old, #ident>()));
        more.extend(quote!(.with_upcasts(const { &[#(#upcasts),*] })));
    }
    let attributes: Vec<String> = model.fields.iter().filter_map(Field::attribute_name).collect();
    if !attributes.is_empty() {
        more.extend(quote!(.with_attributes(&[#(#attributes),*])));
    }
    if model.fields.iter().any(|field| field.attrs.key.is_some()) {
        more.extend(quote!(.with_key()));
    }
    if attrs.local.is_none() {
        let layout = if model.flat {
            let (own, open) = (model.own(), model.is_open());
            quote!(#private::Layout::Flat { own: &[#(#own),*], open: #open })
        } else {
            quote!(#private::Layout::Data)
        };
        // Spanned on the type's name, where a missing `Serialize` or `Deserialize` is then reported.
        let codec = quote_spanned!(ident.span()=> #private::Codec::json::<#ident>);
        more.extend(quote!(.with_codec(#codec(#layout))));
    }
    more
}

fn route(attrs: &ContainerAttrs, model: &Model<'_>) -> Option<TokenStream> {
    let (krate, private) = (&attrs.krate, attrs.krate.private());
    let mut steps = TokenStream::new();
    for field in &model.fields {
        let (ty, member) = (field.ty(), &field.member);
        // Each trait is asked of the field's type by name, so that a type that lacks it is what the error points at.
        let text = quote_spanned!(ty.span()=> <#ty as #private::EventKey>::to_key(&self.#member));
        if field.attrs.key.is_some() {
            steps.extend(quote!(route.key = #private::Option::Some(#text);));
        }
        if field.attrs.dedup_id.is_some() {
            steps.extend(quote!(route.dedup_id = #private::Option::Some(#text);));
        }
        if field.attrs.topic.is_some() {
            let topic = quote_spanned!(ty.span()=> <#ty as #private::TopicField>::to_topic(&self.#member));
            steps.extend(quote!(route.topic = #topic;));
        }
        if field.attrs.occurred_on.is_some() {
            let moment = quote_spanned!(ty.span()=> <#ty as #private::MomentField>::to_moment(&self.#member));
            steps.extend(quote!(route.occurred_on = #moment;));
        }
        if let Some(name) = field.attribute_name() {
            let value = quote_spanned!(ty.span()=> <#ty as #private::IntoAttribute>::to_attribute(&self.#member));
            steps.extend(quote! {
                if let #private::Option::Some(value) = #value {
                    route.attributes.push((#name, value));
                }
            });
        }
    }
    (!steps.is_empty()).then(|| {
        quote! {
            fn route(&self) -> #krate::Route<'_> {
                let mut route = <#krate::Route<'_> as #private::Default>::default();
                #steps
                route
            }
        }
    })
}
