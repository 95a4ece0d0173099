//! What `#[subscriber]` becomes: descriptors with a shim in each, and their registration.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Token, Type};

use super::args::{Args, Part};
use super::event_type::EventType;
use super::events::{of_argument, peel};
use super::members::ImplBlock;
use super::signature::{Handler, Output};
use crate::krate::{Krate, core, core_at, variable};
use crate::place::location;

/// One handler of one event.
pub(crate) struct Subscriber<'a> {
    pub(crate) event: EventType,
    pub(crate) name: &'a str,
    pub(crate) target: &'a Target,
    pub(crate) handler: &'a Handler,
    pub(crate) args: &'a Args,
    pub(crate) conditions: &'a [TokenStream],
}

/// What the handler is called on.
pub(crate) enum Target {
    Function,
    /// A value of the type that stands at `self_at` and is called `name`.
    Method {
        self_at: Span,
        name: String,
    },
}

impl Target {
    /// The type, by a word that is no further error where there is no such type.
    fn self_type(&self) -> TokenStream {
        match self {
            Self::Function => quote!(()),
            Self::Method { self_at, .. } => Token![Self](*self_at).to_token_stream(),
        }
    }
}

/// What is implemented, and of what.
pub(crate) enum Of<'a> {
    /// The hidden type of a function.
    Function(&'a Ident),
    /// The type of an impl block, whose first word is at `impl_at`.
    Block { self_type: &'a Type, part: Option<&'a Part>, impl_at: Span },
}

impl<'a> Of<'a> {
    /// The type of this block.
    pub(crate) fn block(block: &'a ImplBlock, args: &'a Args) -> Self {
        Self::Block { self_type: &block.self_type, part: args.further_part(), impl_at: block.impl_at }
    }

    /// The word `impl`, where a type that is not there could become a type parameter of the user's item. The compiler says so, and
    /// what it says alike of the item and of what is generated, it says once.
    fn impl_word(&self) -> Token![impl] {
        match self {
            Self::Function(ident) => Token![impl](ident.span()),
            Self::Block { impl_at, .. } => Token![impl](*impl_at),
        }
    }

    fn implementor(&self) -> TokenStream {
        match self {
            Self::Function(ident) => ident.to_token_stream(),
            Self::Block { self_type, .. } => self_type.to_token_stream(),
        }
    }

    /// The trait; nothing for a block of a number that was misread.
    fn of_trait(&self) -> Option<TokenStream> {
        let core = core();
        match self {
            Self::Function(_) => Some(quote!(#core::SubscriberFunction)),
            Self::Block { part: None, .. } => {
                Some(quote!(#core::SubscriberBlock<#core::write_subscriber_part_2_on_the_second_block>))
            }
            Self::Block { part: Some(part), .. } => {
                let number = part.number.as_ref()?;
                Some(quote!(#core::SubscriberBlock<#core::give_one_of_them_another_part_than<#number>>))
            }
        }
    }

    /// What puts the blocks of one type together, and what asks whether they fit.
    fn together(&self) -> (Option<TokenStream>, Option<TokenStream>) {
        match self {
            Self::Function(_) => (None, None),
            Self::Block { self_type, part: None, .. } => {
                let (core, spanned) = (core(), core_at(self_type.span()));
                let parts =
                    quote!(const PARTS: &'static [&'static [#core::SubscriberDescriptor]] = #core::__parts!(Self););
                let check = quote_spanned! {self_type.span()=>
                    #spanned::assert!(
                        #spanned::share_no_event::<#self_type>(),
                        "two of its `#[subscriber]` blocks listen to one event: call one handler from the other, or put one on a \
                         type of its own"
                    )
                };
                (Some(parts), Some(check))
            }
            Self::Block { self_type, part: Some(part), .. } => {
                let core = core_at(part.key.span());
                let check = quote_spanned!(part.key.span()=> #core::has_first_block::<#self_type>());
                (None, Some(check))
            }
        }
    }
}

/// The impl of what `#[subscriber]` stands on, and its registration.
pub(crate) fn subscribers(
    krate: &Krate,
    of: &Of<'_>,
    all: &[Subscriber<'_>],
    conditions: &[TokenStream],
) -> TokenStream {
    let (Some(of_trait), implementor) = (of.of_trait(), of.implementor()) else {
        return TokenStream::new();
    };
    let core = core();
    let (parts, fit) = of.together();
    let impl_word = of.impl_word();
    let descriptors = all.iter().map(Subscriber::descriptor);
    let distinct = (all.len() > 1).then(|| {
        let core = core_at(implementor.span());
        quote_spanned! {implementor.span()=>
            #core::assert!(
                #core::SubscriberDescriptor::are_of_different_events(<#implementor as #of_trait>::SUBSCRIBERS),
                "two of the events it listens to are one, under two names: keep one"
            )
        }
    });
    // The constants themselves are nobody's: to one at the user's type the compiler would add a type parameter.
    let checks = distinct.into_iter().chain(fit);
    let register = (!all.is_empty()).then(|| {
        quote! {
            #[cfg(not(target_family = "wasm"))]
            #core::__register! { #core::Entry::Subscribers(<#implementor as #of_trait>::SUBSCRIBERS) }
        }
    });
    let events = all.iter().map(|subscriber| subscriber.event.declaration(subscriber.conditions));
    let scope = krate.scope(&quote! {
        use #core::Unshared as _;
        #(#events)*
        #[automatically_derived]
        #[allow(
            elided_lifetimes_in_paths,
            clippy::unit_arg,
            clippy::semicolon_if_nothing_returned,
            reason = "generated: types and calls stand here as the subscriber's signature has them"
        )]
        #impl_word #of_trait for #implementor {
            const SUBSCRIBERS: &'static [#core::SubscriberDescriptor] = &[#(#descriptors),*];
            #parts
        }
        #(const _: () = #checks;)*
        #register
    });
    quote!(#(#conditions)* #scope)
}

/// An impl without any, so that a value of the type can still be handed over.
pub(crate) fn stub(args: &Args, block: &ImplBlock, conditions: &[TokenStream]) -> TokenStream {
    let (generics, self_type) = (&block.generics, &block.self_type);
    let Some(of_trait) = Of::block(block, args).of_trait() else {
        return TokenStream::new();
    };
    let core = core();
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let scope = args.krate.scope(&quote! {
        #[automatically_derived]
        impl #impl_generics #of_trait for #self_type #where_clause {
            const SUBSCRIBERS: &'static [#core::SubscriberDescriptor] = &[];
        }
    });
    quote!(#(#conditions)* #scope)
}

impl Subscriber<'_> {
    fn descriptor(&self) -> TokenStream {
        let core = core();
        let (event, name, conditions) = (&self.event, self.name, self.conditions);
        let location = location(&self.handler.ident);
        let at_event = core_at(event.span());
        // By a function, because what is named through the trait must be `Send` and `Sync` once more.
        let descriptor = quote_spanned!(event.span()=> #at_event::descriptor::<#event>());
        let (needs, call, direct, options) = (self.needs(), self.call(), self.direct(), options(self.args));
        let on_instance = match self.target {
            Target::Function => TokenStream::new(),
            Target::Method { self_at, name } => {
                let (core, self_type) = (core_at(*self_at), self.target.self_type());
                let instance = quote_spanned!(*self_at=> #core::Sharing::<#self_type>::VALUE.instance(#name));
                quote!(.on_instance(#instance))
            }
        };
        quote! {
            #(#conditions)*
            #core::SubscriberDescriptor::new(#name, #descriptor, #location, #needs, #call) #on_instance #options #direct
        }
    }

    /// What the arguments need, for `build()` to check.
    fn needs(&self) -> TokenStream {
        let needs = variable("needs");
        let asked: Vec<_> = self
            .handler
            .args
            .iter()
            .filter(|ty| !self.is_event(ty))
            .map(|ty| {
                let taken_by = self.taken_by(ty);
                quote_spanned!(ty.span()=> #taken_by::needs(#needs);)
            })
            .collect();
        if asked.is_empty() { quote!(|_| {}) } else { quote!(|#needs| { #(#asked)* }) }
    }

    /// The argument's type, as what it is taken from the context by.
    fn taken_by(&self, ty: &Type) -> TokenStream {
        let (core, event) = (core_at(ty.span()), &self.event);
        quote_spanned!(ty.span()=> <#ty as #core::FromContext<'_, #event>>)
    }

    /// The shim: takes the arguments out of the context, calls the handler by its name, turns what it returns into an
    /// outcome. All descriptors' shims are closures of one constant, so that one mistake in a type is found once.
    fn call(&self) -> TokenStream {
        let (event, handler, ident) = (&self.event, self.handler, &self.handler.ident);
        let (core, at_ident) = (core(), core_at(ident.span()));
        let (raw, cx, instance, this) = (variable("raw"), variable("cx"), variable("instance"), variable("this"));
        let typed = quote_spanned!(event.span()=> #raw.typed::<#event>());
        let values: Vec<Ident> = (0..handler.args.len()).map(|n| variable(&format!("argument_{n}"))).collect();
        let extracted = handler.args.iter().zip(&values).map(|(ty, value)| self.extract(ty, value, &cx));
        let self_type = self.target.self_type();
        let (instance_pattern, this_binding, call) = match self.target {
            Target::Function => (quote!(_), TokenStream::new(), quote_spanned!(ident.span()=> #ident(#(#values),*))),
            Target::Method { .. } => (
                quote!(#instance),
                quote! {
                    let #core::Option::Some(#this) = #instance.downcast_ref::<#self_type>() else {
                        return #core::mismatch();
                    };
                },
                quote_spanned!(ident.span()=> <#self_type>::#ident(#this, #(#values),*)),
            ),
        };
        let returned = self.returned(call);
        let body = quote! {
            #this_binding
            let #core::Option::Some(#cx) = #typed else {
                return #core::mismatch();
            };
            #(#extracted)*
            #returned
        };
        if handler.is_async {
            let boxed = quote_spanned!(ident.span()=> #at_ident::Sharing::<(#self_type, #event)>::RUN.boxed(async move { #body }));
            quote!(#core::Call::Async(|#instance_pattern, #raw| #boxed))
        } else if self.args.blocking.is_some() {
            quote!(#core::Call::Blocking(|#instance_pattern, #raw| { #body }))
        } else {
            quote!(#core::Call::Sync(|#instance_pattern, #raw| { #body }))
        }
    }

    /// The same without a context, where the handler takes nothing but the event: buses in process are quicker so.
    fn direct(&self) -> Option<TokenStream> {
        let handler = self.handler;
        if !handler.args.iter().all(|ty| self.is_event(ty)) {
            return None;
        }
        let (core, event, ident) = (core(), &self.event, &handler.ident);
        let (instance, this, value) = (variable("instance"), variable("this"), variable("event"));
        let values = handler.args.iter().map(|_| &value);
        let self_type = self.target.self_type();
        let call = match self.target {
            Target::Function => quote_spanned!(ident.span()=> #ident(#(#values),*)),
            Target::Method { .. } => {
                quote_spanned!(ident.span()=> <#self_type>::#ident(#this, #(#values),*))
            }
        };
        let (outcome, returned) = (self.outcome(call.clone()), self.returned(call));
        let (this, own_this, this_by_ref) = match self.target {
            Target::Function => (quote!(_), None, None),
            Target::Method { .. } => {
                let own = quote!(let #this = #core::Clone::clone(#this););
                (quote!(#this), Some(own), Some(quote!(let #this = &*#this;)))
            }
        };
        Some(if handler.is_async {
            quote! {
                .with_direct(|#instance| {
                    #core::Sharing::<(#self_type, #event)>::RUN.direct_async::<#self_type, #event, _>(#instance, |#this, #value| {
                        #own_this
                        async move {
                            #this_by_ref
                            let #value = &*#value;
                            #returned
                        }
                    })
                })
            }
        } else {
            quote! {
                .with_direct(|#instance| #core::Sharing::<(#self_type, #event)>::RUN.direct::<#self_type, #event, _>(#instance, |#this, #value| #outcome))
            }
        })
    }

    fn extract(&self, ty: &Type, value: &Ident, cx: &Ident) -> TokenStream {
        if self.is_event(ty) {
            return quote!(let #value = #cx.event(););
        }
        let (core, inner, error) = (core(), variable("value"), variable("error"));
        let taken_by = self.taken_by(ty);
        let extract = quote_spanned!(ty.span()=> #taken_by::from_context(&#cx));
        quote! {
            let #value = match #extract {
                #core::Result::Ok(#inner) => #inner,
                #core::Result::Err(#error) => return #core::Outcome::retry(#error),
            };
        }
    }

    /// The same behind what it borrows. Before Rust 2024 what is temporary in it would outlive that.
    fn returned(&self, call: TokenStream) -> TokenStream {
        let (outcome, returned) = (self.outcome(call), variable("returned"));
        quote! {
            let #returned = #outcome;
            #returned
        }
    }

    /// What the call returns, as an outcome.
    fn outcome(&self, call: TokenStream) -> TokenStream {
        let ident = &self.handler.ident;
        let call = if self.handler.is_async { quote_spanned!(ident.span()=> #call.await) } else { call };
        match &self.handler.output {
            None => {
                let core = core();
                quote!(#core::IntoOutcome::into_outcome(#call))
            }
            Some(Output { ty, has_impl: true }) => {
                let core = core_at(ty.span());
                quote_spanned!(ty.span()=> #core::IntoOutcome::into_outcome(#call))
            }
            Some(Output { ty, has_impl: false }) => {
                let core = core_at(ty.span());
                quote_spanned!(ty.span()=> <#ty as #core::IntoOutcome>::into_outcome(#call))
            }
        }
    }

    /// Whether the argument is the event itself, as a reference.
    fn is_event(&self, ty: &Type) -> bool {
        let Type::Reference(reference) = peel(ty) else { return false };
        of_argument(ty).is_some() && self.event.is(peel(&reference.elem))
    }
}

fn options(args: &Args) -> Option<TokenStream> {
    let core = core();
    let millis = |millis: u64| quote!(#core::Duration::from_millis(#millis));
    let mut options = TokenStream::new();
    if let Some(queue) = &args.queue {
        options.extend(quote!(.with_queue(#queue)));
    }
    if !args.retry.is_default() {
        let default = quote!(#core::RetryPolicy::DEFAULT);
        let attempts =
            args.retry.attempts.as_ref().map_or_else(|| quote!(#default.attempts), |attempts| quote!(#attempts));
        let (min, max) = match args.retry.backoff {
            Some((min, max)) => (millis(min), millis(max)),
            None => (quote!(#default.min), quote!(#default.max)),
        };
        options.extend(quote!(.with_retry(#core::RetryPolicy::new(#attempts, #min, #max))));
    }
    if let Some(timeout) = args.timeout {
        let timeout = millis(timeout);
        options.extend(quote!(.with_timeout(#timeout)));
    }
    if let Some(concurrency) = &args.concurrency {
        options.extend(quote!(.with_concurrency(#concurrency)));
    }
    (!options.is_empty()).then(|| quote!(.with_options(#core::SubscriberOptions::new() #options)))
}
