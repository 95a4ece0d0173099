//! `#[subscriber]` on an impl block: with `#[listens_to]` on its methods, or with one `process`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{GenericParam, Type};

use super::any_event;
use super::args::Args;
use super::event_type::EventType;
use super::events::{NEVER_EVENTS, named, peel};
use super::expand::{Of, Subscriber, Target, stub, subscribers};
use super::listener::{Listener, listeners};
use super::mark::{is_ours, is_slip, strip};
use super::members::ImplBlock;
use super::{twice, with_problems};
use crate::cfg::conditions;
use crate::options::Options;
use crate::problems::Problems;
use crate::spelling::text;

pub(crate) fn expand(options: Options, item: TokenStream, mut problems: Problems) -> TokenStream {
    let args = Args::of_item(options, &mut problems);
    let (stripped, marked) = (strip(item.clone(), is_ours), item.clone());
    let block: ImplBlock = match syn::parse2(item) {
        Ok(block) => block,
        Err(error) => {
            problems.add(error);
            return with_problems(stripped, problems);
        }
    };
    if let Some(second) = block.attrs.iter().find(|attr| named(attr.path(), "subscriber")) {
        problems.at(second, "`#[subscriber]` is given twice: put the options into one");
        // The other one is still to come, and reads the marks.
        return with_problems(marked, problems);
    }
    if is_foreign(&block) {
        // The compiler refuses the block itself, whatever we say.
        return with_problems(stripped, problems);
    }
    if is_of_std(&block) {
        // So it does here, if the name means what it does elsewhere.
        let self_type = &block.self_type;
        let check = quote_spanned!(self_type.span()=> __melange::is_of_std::<#self_type>());
        let check = args.krate.scope(&quote!(const _: () = #check;));
        return with_problems(quote!(#stripped #check), problems);
    }
    let block_conditions = conditions(&block.attrs);
    let listeners =
        if can_subscribe(&block, &mut problems) { listeners(&block, &args, &mut problems) } else { Vec::new() };
    if !problems.is_empty() {
        let stub = match block.of_trait {
            Some(_) => TokenStream::new(),
            None => stub(&args, &block, &block_conditions),
        };
        // A slip that was reported is not to be reported by the compiler once more.
        let stripped = if listeners.is_empty() { strip(stripped, is_slip) } else { stripped };
        let stripped = in_scope(&block, &args, "__listens_to_ignored", any_event::replaced(stripped, 1));
        return with_problems(quote!(#stripped #stub), problems);
    }
    let no_condition =
        |listener: &&Listener<'_>| block_conditions.is_empty() && conditions(&listener.method.attrs).is_empty();
    let mut unconditional = listeners.iter().filter(no_condition);
    let is_twice =
        |listener: &&Listener<'_>| twice::has_earlier(block.impl_at, &block.self_type, &listener.handler.ident);
    if let Some(Listener { handler, .. }) = unconditional.find(is_twice) {
        let (of_type, method) = (block.name(), text(&handler.ident));
        problems.at(
            &handler.ident,
            format!(
                "an earlier block of `{of_type}` has a method `{method}`: call this one otherwise, and write one \
                 `#[subscriber] impl {of_type}` with `#[listens_to]` on each method that listens"
            ),
        );
        return with_problems(twice::renamed(stripped, &handler.ident), problems);
    }
    let target = Target::Method { self_at: block.self_type.span(), name: block.name() };
    let mut all = Vec::new();
    for listener in &listeners {
        for event in &listener.events {
            all.push(Subscriber {
                event: EventType::new(event, &listener.handler.args, all.len(), block.impl_at),
                name: &listener.name,
                target: &target,
                handler: &listener.handler,
                args: &listener.args,
                conditions: &listener.conditions,
            });
        }
    }
    let of = Of::block(&block, &args);
    let subscribers = subscribers(&args.krate, &of, &all, &block_conditions);
    let stripped = in_scope(&block, &args, "__listens_to_unseen", stripped);
    quote!(#stripped #subscribers)
}

/// The block where a `#[listens_to]` that one of its macros makes is something.
fn in_scope(block: &ImplBlock, args: &Args, listens_to: &str, stripped: TokenStream) -> TokenStream {
    match block.macro_call {
        Some(_) => args.krate.with_listens_to(listens_to, &stripped),
        None => stripped,
    }
}

/// Whether no crate but `core` may have an impl block for such a type.
fn is_foreign(block: &ImplBlock) -> bool {
    let path_or_object = matches!(peel(&block.self_type), Type::Path(_) | Type::TraitObject(_) | Type::Macro(_));
    block.of_trait.is_none() && !path_or_object
}

/// Whether the type is called like one that everybody has, and that no crate may have an impl block for.
fn is_of_std(block: &ImplBlock) -> bool {
    let Type::Path(path) = peel(&block.self_type) else { return false };
    let segments = &path.path.segments;
    let is_alone = segments.len() == 1 || segments.first().is_some_and(|first| first.ident == "std");
    let others =
        ["Option", "Result", "Box", "Rc", "Arc", "Mutex", "RwLock", "HashMap", "BTreeMap", "HashSet", "BTreeSet"];
    let is_known = |name: &&str| named(&path.path, name);
    block.of_trait.is_none() && is_alone && NEVER_EVENTS.iter().chain(&others).any(is_known)
}

/// Whether it is an impl block whose values can be subscribers.
fn can_subscribe(block: &ImplBlock, problems: &mut Problems) -> bool {
    let before = problems.len();
    if let Some(of_trait) = &block.of_trait {
        problems.at(
            of_trait,
            "`#[subscriber]` goes on an impl block of the type's own methods, not of a trait; `impl Subscriber<..> for` needs no macro",
        );
    } else if let Type::TraitObject(_) = peel(&block.self_type) {
        problems
            .at(&block.self_type, "a trait object is not handed over as it is: write `impl` for a type that holds it");
    } else if let Some(GenericParam::Lifetime(lifetime)) = block.generics.params.first() {
        problems.at(lifetime, "a subscriber lives as long as its bus: write `impl` for the type with `'static`");
    } else if !block.generics.params.is_empty() {
        problems.at(
            &block.generics.params,
            "a generic impl block cannot be a subscriber, because each of its types would be another one: write `impl` for the type \
             you mean, as in `impl Ledger<Postgres>`",
        );
    }
    problems.len() == before
}
