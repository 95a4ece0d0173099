//! `#[subscriber]` on an impl block: with `#[listens_to]` on its methods, or with one `process`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Meta, Path};

use super::args::{Args, ListensTo, ON_FUNCTION, ON_METHOD};
use super::expand::{Subscriber, Target, subscribers};
use super::members::{ImplBlock, Method, strip};
use super::signature::{Handler, check_receiver};
use super::{cfgs, events, with_problems};
use crate::options::{Options, Value};
use crate::place::text;
use crate::problems::Problems;

/// A method that listens.
struct Listener<'a> {
    method: &'a Method,
    handler: Handler,
    args: Args,
    events: Vec<Path>,
    name: String,
    cfgs: Vec<&'a Attribute>,
}

pub(crate) fn expand(mut options: Options, item: TokenStream, mut problems: Problems) -> TokenStream {
    for path in std::mem::take(&mut options.paths) {
        problems.at(&path, "say what it is: `listens_to = ...`");
    }
    let args = Args::read(options, &ON_FUNCTION, &mut problems);
    let stripped = strip(item.clone());
    let block: ImplBlock = match syn::parse2(item) {
        Ok(block) => block,
        Err(error) => {
            problems.add(error);
            return with_problems(stripped, problems);
        }
    };
    if !can_subscribe(&block, &mut problems) {
        return with_problems(stripped, problems);
    }
    let listeners = match &args.listens_to {
        Some(listens_to) => process(&block, &args, listens_to, &mut problems),
        None => handlers(&block, &args, &mut problems),
    };
    check_events(&listeners, &mut problems);
    let implementor = block.self_type.to_token_stream();
    let block_cfgs = cfgs(&block.attrs);
    if !problems.is_empty() {
        let stub = subscribers(&args.krate, &implementor, &[], &block_cfgs);
        return with_problems(quote!(#stripped #stub), problems);
    }
    let target = Target::Method { self_type: block.self_type.clone(), name: block.name() };
    let mut all = Vec::new();
    for listener in &listeners {
        for event in &listener.events {
            all.push(Subscriber {
                event,
                name: &listener.name,
                target: &target,
                handler: &listener.handler,
                args: &listener.args,
                cfgs: &listener.cfgs,
            });
        }
    }
    let subscribers = subscribers(&args.krate, &implementor, &all, &block_cfgs);
    quote!(#stripped #subscribers)
}

/// Whether it is an impl block whose values can be subscribers.
fn can_subscribe(block: &ImplBlock, problems: &mut Problems) -> bool {
    if let Some(of_trait) = &block.of_trait {
        problems.at(
            of_trait,
            "`#[subscriber]` goes on an impl block of the type's own methods, not of a trait; `impl Subscriber<..> for` needs no macro",
        );
        return false;
    }
    if !block.generics.params.is_empty() {
        problems.at(
            &block.generics.params,
            "a generic impl block cannot be a subscriber, because each of its types would be another one: write `impl` for the type \
             you mean, as in `impl Ledger<Postgres>`",
        );
        return false;
    }
    true
}

/// The methods under `#[listens_to]`.
fn handlers<'a>(block: &'a ImplBlock, args: &Args, problems: &mut Problems) -> Vec<Listener<'a>> {
    if let Some(blocking) = &args.blocking {
        problems.at(blocking, "say `blocking` where it belongs: `#[listens_to(blocking)]` on the method");
    }
    let mut listeners = Vec::new();
    for method in &block.methods {
        let mut attrs = method.listens_to();
        let Some(attr) = attrs.next() else { continue };
        for second in attrs {
            problems.at(second, "`#[listens_to]` is given twice: list the events in one, `#[listens_to(A, B)]`");
        }
        listeners.extend(handler(block, method, attr, args, problems));
    }
    if listeners.is_empty() && problems.is_empty() {
        problems.at(
            &block.self_type,
            "no method listens to anything: mark one with `#[listens_to]`, or say `#[subscriber(listens_to = SomeEvent)]` and call it \
             `process`",
        );
    }
    listeners
}

fn handler<'a>(
    block: &ImplBlock,
    method: &'a Method,
    attr: &Attribute,
    block_args: &Args,
    problems: &mut Problems,
) -> Option<Listener<'a>> {
    let (own, mut events) = listens_to(attr, problems)?;
    let args = own.or(block_args);
    check_receiver(&method.signature, problems);
    if events.is_empty() {
        events.extend(inferred(method));
    }
    if events.is_empty() {
        problems.at(
            &method.signature.ident,
            "no argument says which event this listens to: take it as `&SomeEvent`, or write `#[listens_to(SomeEvent)]`",
        );
    }
    events::check_list(&events, problems);
    let handler = Handler::read(&method.signature, &args, &events, problems);
    let name = args.name.as_ref().map_or_else(
        || {
            let of_block = block_args.name.as_ref().map_or_else(|| block.name(), syn::LitStr::value);
            format!("{of_block}::{}", text(&handler.ident))
        },
        syn::LitStr::value,
    );
    Some(Listener { method, handler, args, events, name, cfgs: cfgs(&method.attrs) })
}

/// The options and the events of `#[listens_to]`, `#[listens_to(A, B, blocking)]`.
fn listens_to(attr: &Attribute, problems: &mut Problems) -> Option<(Args, Vec<Path>)> {
    let mut options = match &attr.meta {
        Meta::Path(_) => Options::default(),
        Meta::List(list) => Options::parse(list.tokens.clone(), problems),
        Meta::NameValue(_) => {
            problems.at(attr, "write `#[listens_to(SomeEvent)]`, with the event in parentheses");
            return None;
        }
    };
    let mut events = std::mem::take(&mut options.paths);
    options.options.retain(|option| {
        // A word alone that starts with a capital is an event.
        let is_event = matches!(option.value, Value::None) && option.key.to_string().starts_with(char::is_uppercase);
        if is_event {
            events.push(Path::from(option.key.clone()));
        }
        !is_event
    });
    Some((Args::read(options, &ON_METHOD, problems), events))
}

/// The event of the first argument that is one; also what it would be, were it not taken by value or by `&mut`.
fn inferred(method: &Method) -> Option<Path> {
    let types = method.signature.inputs.iter().filter_map(|input| match input {
        syn::FnArg::Typed(argument) => Some(&*argument.ty),
        syn::FnArg::Receiver(_) => None,
    });
    types.into_iter().find_map(events::of_argument).cloned()
}

/// The one-event form: a method called `process`.
fn process<'a>(
    block: &'a ImplBlock,
    args: &Args,
    listens_to: &ListensTo,
    problems: &mut Problems,
) -> Vec<Listener<'a>> {
    for method in &block.methods {
        for attr in method.listens_to() {
            problems.at(
                attr,
                "either the impl block listens, with `listens_to = ..` and a method `process`, or its methods do, with `#[listens_to]`: \
                 drop one",
            );
        }
    }
    events::check_list(&listens_to.events, problems);
    let Some(method) = block.methods.iter().find(|method| method.signature.ident == "process") else {
        if problems.is_empty() {
            problems.at(
                &listens_to.key,
                "an impl block that listens has a method called `process`: add it, or mark the methods that listen with `#[listens_to]` \
                 and drop `listens_to` here",
            );
        }
        return Vec::new();
    };
    check_receiver(&method.signature, problems);
    let handler = Handler::read(&method.signature, args, &listens_to.events, problems);
    let name = args.name.as_ref().map_or_else(|| block.name(), syn::LitStr::value);
    let own = Args { name: None, blocking: args.blocking.clone(), ..Args::default() }.or(args);
    vec![Listener { method, handler, args: own, events: listens_to.events.clone(), name, cfgs: cfgs(&method.attrs) }]
}

/// Notes events that two methods listen to.
fn check_events(listeners: &[Listener<'_>], problems: &mut Problems) {
    let mut seen: Vec<(String, &Listener<'_>)> = Vec::new();
    for listener in listeners {
        for event in &listener.events {
            let spelled = events::spelled(event);
            let other = seen.iter().find(|(known, other)| {
                *known == spelled
                    && other.cfgs.is_empty()
                    && listener.cfgs.is_empty()
                    && other.handler.ident != listener.handler.ident
            });
            if let Some((_, other)) = other {
                problems.at(
                    &listener.method.signature.ident,
                    format!("`{}` listens to `{spelled}` already: call one from the other, or put this one on a type of its own", other.handler.ident),
                );
            }
            seen.push((spelled, listener));
        }
    }
}
