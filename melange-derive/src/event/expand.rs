//! What `#[derive(Event)]` becomes.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{DeriveInput, Token};

use super::attr::{ContainerAttrs, Deprecated};
use super::contents::contents;
use super::documentation::documentation;
use super::example::examples;
use super::model::{Field, Model};
use super::shared::shared;
use crate::krate::{core, core_at, variable};
use crate::place::location;
use crate::spelling::text;

/// The impl and the registration.
pub(crate) fn event(input: &DeriveInput, attrs: &ContainerAttrs, model: &Model<'_>) -> TokenStream {
    let (core, ident) = (core(), &input.ident);
    let new = new_descriptor(input, attrs);
    let (held, examples) = examples(ident, attrs).unzip();
    let more = more_of_descriptor(input, attrs, model);
    let route = route(model);
    let documentation = documentation(input, model);
    let shared = shared(input);
    // The descriptor is a constant beside the impl, because what is named through the trait must be `Send` and `Sync`
    // once more: one event that is not would be an error for each such place.
    // Where the compiler would add a type parameter to the event, for a type that is not there.
    let impl_word = Token![impl](ident.span());
    let body = quote! {
        const DESCRIPTOR: &'static #core::EventDescriptor = __MELANGE_EVENT;
        #route
    };
    attrs.krate.scope(&quote! {
        #documentation
        #held
        const __MELANGE_EVENT: &'static #core::EventDescriptor = &#new #more #examples;
        #shared
        // Readers of the documentation need not see the condition.
        #[cfg(not(doc))]
        #[automatically_derived]
        #impl_word #core::Event for #ident where [(); __MELANGE_SHARED]: {
            #body
        }
        #[cfg(doc)]
        #[automatically_derived]
        impl #core::Event for #ident {
            #body
        }
        #[cfg(not(target_family = "wasm"))]
        #core::__register! { #core::Entry::Event(__MELANGE_EVENT) }
    })
}

/// An impl that is good enough for the rest of the program to be checked.
pub(crate) fn stub(input: &DeriveInput, attrs: &ContainerAttrs) -> TokenStream {
    let (core, ident) = (core(), &input.ident);
    let mut generics = input.generics.clone();
    if !generics.params.is_empty() {
        generics.make_where_clause().predicates.push(syn::parse_quote!(Self: #core::Send + #core::Sync + 'static));
    }
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let name = text(ident);
    attrs.krate.scope(&quote! {
        #[automatically_derived]
        impl #impl_generics #core::Event for #ident #type_generics #where_clause {
            const DESCRIPTOR: &'static #core::EventDescriptor =
                &#core::EventDescriptor::new::<Self>(#name, #name, #core::Location::new("", "", 0));
        }
    })
}

fn new_descriptor(input: &DeriveInput, attrs: &ContainerAttrs) -> TokenStream {
    let (core, ident) = (core(), &input.ident);
    let type_name = format!("::{}", text(ident));
    let name = attrs.name.as_ref().map_or_else(|| text(ident), syn::LitStr::value);
    let location = location(ident);
    quote! {
        #core::EventDescriptor::new::<#ident>(#name, #core::concat!(#core::module_path!(), #type_name), #location)
    }
}

fn more_of_descriptor(input: &DeriveInput, attrs: &ContainerAttrs, model: &Model<'_>) -> TokenStream {
    let (core, ident) = (core(), &input.ident);
    let mut more = quote! {
        .with_slot(|| {
            static SLOT: #core::EventSlot = #core::EventSlot::new();
            &SLOT
        })
    };
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
        let upcasts = attrs.upcasts.iter().map(|old| upcast(old, ident));
        more.extend(quote!(.with_upcasts(const { &[#(#upcasts),*] })));
    }
    let attributes: Vec<String> = model.fields.iter().filter_map(Field::attribute_name).collect();
    if !attributes.is_empty() {
        more.extend(quote!(.with_attributes(&[#(#attributes),*])));
    }
    more.extend(quote!(.with_documentation(__MELANGE_DOCUMENTATION)));
    if model.fields.iter().any(|field| field.attrs.key.is_some()) {
        more.extend(quote!(.with_key()));
    }
    more.extend(contents(model));
    if let Some(Deprecated(instead)) = &attrs.deprecated {
        let instead = match instead {
            Some(instead) => quote!(#core::Option::Some(#instead)),
            None => quote!(#core::Option::None),
        };
        more.extend(quote!(.with_deprecation(#instead)));
    }
    if attrs.local.is_none() {
        let layout = if model.flat {
            let (own, open) = (model.own(), model.is_open());
            quote!(#core::Layout::Flat { own: &[#(#own),*], open: #open })
        } else {
            quote!(#core::Layout::Data)
        };
        // Spanned on the type's name, where a missing `Serialize` or `Deserialize` is then reported.
        let at_name = core_at(ident.span());
        let codec = quote_spanned!(ident.span()=> #at_name::Codec::json::<#ident>);
        more.extend(quote!(.with_codec(#codec(#layout))));
    }
    more
}

/// Spanned on the older version, where a missing `From` is then reported.
fn upcast(old: &syn::Path, new: &Ident) -> TokenStream {
    let span = old.span();
    let (core, mut new) = (core_at(span), new.clone());
    new.set_span(span);
    quote_spanned!(span=> #core::Upcast::of::<#old, #new>())
}

fn route(model: &Model<'_>) -> Option<TokenStream> {
    let core = core();
    let (route, value) = (variable("route"), variable("value"));
    let mut steps = TokenStream::new();
    for field in &model.fields {
        let ask = |question, answer| ask(field, question, answer);
        if field.attrs.key.is_some() {
            let key = ask("EventKey", "to_key");
            steps.extend(quote!(#route.key = #core::Option::Some(#key);));
        }
        if field.attrs.dedup_id.is_some() {
            let dedup_id = ask("EventKey", "to_key");
            steps.extend(quote!(#route.dedup_id = #core::Option::Some(#dedup_id);));
        }
        if field.attrs.topic.is_some() {
            let topic = ask("TopicField", "to_topic");
            steps.extend(quote!(#route.topic = #topic;));
        }
        if field.attrs.occurred_on.is_some() {
            let moment = ask("MomentField", "to_moment");
            steps.extend(quote!(#route.occurred_on = #moment;));
        }
        if let Some(name) = field.attribute_name() {
            let attribute = ask("IntoAttribute", "to_attribute");
            steps.extend(quote! {
                if let #core::Option::Some(#value) = #attribute {
                    #route.attributes.push((#name, #value));
                }
            });
        }
    }
    (!steps.is_empty()).then(|| {
        quote! {
            fn route(&self) -> #core::Route<'_> {
                let mut #route = <#core::Route<'_> as #core::Default>::default();
                #steps
                #route
            }
        }
    })
}

/// What a field answers. The trait is asked of the field's type by name, so that a type that lacks it is what the error
/// points at.
fn ask(field: &Field<'_>, of_trait: &str, method: &str) -> TokenStream {
    let (ty, member, span) = (field.ty(), &field.member, field.ty().span());
    let (core, of_trait, method) = (core_at(span), Ident::new(of_trait, span), Ident::new(method, span));
    // The `self` of the method around it, which one with the field's span is not when the field comes through a macro.
    let this = quote!(self);
    quote_spanned!(span=> <#ty as #core::#of_trait>::#method(&#this.#member))
}
