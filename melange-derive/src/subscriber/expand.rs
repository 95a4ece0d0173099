//! What `#[subscriber]` becomes: descriptors with a shim in each, and their registration.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Path, Type};

use super::args::Args;
use super::events::{of_argument, peel, spelled};
use super::signature::{Handler, has_impl_trait};
use crate::krate::Krate;
use crate::place::location;

/// One handler of one event.
pub(crate) struct Subscriber<'a> {
    pub(crate) event: &'a Path,
    pub(crate) name: &'a str,
    pub(crate) target: &'a Target,
    pub(crate) handler: &'a Handler,
    pub(crate) args: &'a Args,
    pub(crate) cfgs: &'a [&'a Attribute],
}

/// What the handler is called on.
#[allow(clippy::large_enum_variant, reason = "there are a few of them while a macro runs")]
pub(crate) enum Target {
    Function,
    Method { self_type: Type, name: String },
}

/// `impl Subscribers for #implementor`, and its registration.
pub(crate) fn subscribers(
    krate: &Krate,
    implementor: &TokenStream,
    all: &[Subscriber<'_>],
    cfgs: &[&Attribute],
) -> TokenStream {
    let private = krate.private();
    let descriptors = all.iter().map(|subscriber| subscriber.descriptor(krate));
    let register = (!all.is_empty()).then(|| {
        quote! {
            #(#cfgs)*
            #[cfg(not(target_family = "wasm"))]
            #[allow(deprecated, reason = "a deprecated subscriber is still a subscriber")]
            const _: () = {
                #krate::__register! { #private::Entry::Subscribers(<#implementor as #private::Subscribers>::SUBSCRIBERS) }
            };
        }
    });
    quote! {
        #(#cfgs)*
        #[automatically_derived]
        #[doc(hidden)]
        #[allow(
            deprecated,
            elided_lifetimes_in_paths,
            clippy::unit_arg,
            clippy::semicolon_if_nothing_returned,
            reason = "generated: types and calls stand here as the subscriber's signature has them"
        )]
        impl #private::Subscribers for #implementor {
            const SUBSCRIBERS: &'static [#private::SubscriberDescriptor] = &[#(#descriptors),*];
        }
        #register
    }
}

impl Subscriber<'_> {
    fn descriptor(&self, krate: &Krate) -> TokenStream {
        let private = krate.private();
        let (event, name, cfgs) = (self.event, self.name, self.cfgs);
        let location = location(krate, &self.handler.ident);
        let descriptor = quote_spanned!(event.span()=> <#event as #krate::Event>::DESCRIPTOR);
        let (needs, call, options) = (self.needs(krate), self.call(krate), options(self.args));
        let on_instance = match self.target {
            Target::Function => TokenStream::new(),
            Target::Method { self_type, name } => quote!(.on_instance(#private::InstanceType::of::<#self_type>(#name))),
        };
        quote! {
            #(#cfgs)*
            #private::SubscriberDescriptor::new(#name, #descriptor, #location, #needs, #call) #on_instance #options
        }
    }

    /// What the arguments need, for `build()` to check.
    fn needs(&self, krate: &Krate) -> TokenStream {
        let (private, event) = (krate.private(), self.event);
        let needs = local("needs");
        let asked: Vec<_> = self
            .handler
            .args
            .iter()
            .filter(|ty| !self.is_event(ty))
            .map(|ty| quote_spanned!(ty.span()=> <#ty as #private::FromContext<'_, #event>>::needs(#needs);))
            .collect();
        if asked.is_empty() { quote!(|_| {}) } else { quote!(|#needs| { #(#asked)* }) }
    }

    /// The shim: takes the arguments out of the context, calls the handler by its name, turns what it returns into an
    /// outcome. All descriptors' shims are closures of one constant, so that one mistake in a type is found once.
    fn call(&self, krate: &Krate) -> TokenStream {
        let (private, event, handler) = (krate.private(), self.event, self.handler);
        let (raw, cx, instance, this) = (local("raw"), local("cx"), local("instance"), local("this"));
        let typed = quote_spanned!(event.span()=> #raw.typed::<#event>());
        let values: Vec<Ident> = (0..handler.args.len()).map(|n| local(&format!("argument_{n}"))).collect();
        let extracted = handler.args.iter().zip(&values).map(|(ty, value)| {
            if self.is_event(ty) {
                return quote!(let #value = #cx.event(););
            }
            let extract = quote_spanned!(ty.span()=> <#ty as #private::FromContext<'_, #event>>::from_context(&#cx));
            quote! {
                let #value = match #extract {
                    #private::Result::Ok(value) => value,
                    #private::Result::Err(error) => return #krate::Outcome::retry(error),
                };
            }
        });
        let ident = &handler.ident;
        let (instance_pattern, this_binding, call) = match self.target {
            Target::Function => (quote!(_), TokenStream::new(), quote_spanned!(ident.span()=> #ident(#(#values),*))),
            Target::Method { self_type, .. } => (
                quote!(#instance),
                quote! {
                    let #private::Option::Some(#this) = #instance.downcast_ref::<#self_type>() else {
                        return #private::mismatch();
                    };
                },
                quote_spanned!(ident.span()=> <#self_type>::#ident(#this, #(#values),*)),
            ),
        };
        let call = if handler.is_async { quote_spanned!(ident.span()=> #call.await) } else { call };
        let outcome = match &handler.output {
            None => quote!(#private::IntoOutcome::into_outcome(#call)),
            Some(ty) if has_impl_trait(ty) => quote_spanned!(ty.span()=> #private::IntoOutcome::into_outcome(#call)),
            Some(ty) => quote_spanned!(ty.span()=> <#ty as #private::IntoOutcome>::into_outcome(#call)),
        };
        let body = quote! {
            #this_binding
            let #private::Option::Some(#cx) = #typed else {
                return #private::mismatch();
            };
            #(#extracted)*
            #outcome
        };
        if handler.is_async {
            let boxed = quote_spanned!(ident.span()=> #private::Box::pin(async move { #body }));
            quote!(#private::Call::Async(|#instance_pattern, #raw| #boxed))
        } else if self.args.blocking.is_some() {
            quote!(#private::Call::Blocking(|#instance_pattern, #raw| { #body }))
        } else {
            quote!(#private::Call::Sync(|#instance_pattern, #raw| { #body }))
        }
    }

    /// Whether the argument is the event itself, as a reference.
    fn is_event(&self, ty: &Type) -> bool {
        let is_plain_reference = match peel(ty) {
            Type::Reference(reference) => {
                of_argument(ty).is_some_and(|event| spelled(event) == spelled(peel(&reference.elem)))
            }
            _ => false,
        };
        is_plain_reference && of_argument(ty).is_some_and(|event| spelled(event) == spelled(self.event))
    }
}

fn options(args: &Args) -> Option<TokenStream> {
    let private = args.krate.private();
    let krate = &args.krate;
    let millis = |millis: u64| quote!(#private::Duration::from_millis(#millis));
    let mut options = TokenStream::new();
    if let Some(queue) = &args.queue {
        options.extend(quote!(.with_queue(#queue)));
    }
    if !args.retry.is_default() {
        let default = quote!(#krate::RetryPolicy::DEFAULT);
        let attempts =
            args.retry.attempts.as_ref().map_or_else(|| quote!(#default.attempts), |attempts| quote!(#attempts));
        let (min, max) = match args.retry.backoff {
            Some((min, max)) => (millis(min), millis(max)),
            None => (quote!(#default.min), quote!(#default.max)),
        };
        options.extend(quote!(.with_retry(#krate::RetryPolicy::new(#attempts, #min, #max))));
    }
    if let Some(timeout) = args.timeout {
        let timeout = millis(timeout);
        options.extend(quote!(.with_timeout(#timeout)));
    }
    if let Some(concurrency) = &args.concurrency {
        options.extend(quote!(.with_concurrency(#concurrency)));
    }
    (!options.is_empty()).then(|| quote!(.with_options(#private::SubscriberOptions::new() #options)))
}

/// A name that the user's code cannot see.
fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}
