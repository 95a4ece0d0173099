//! Which methods of an impl block listen: those under `#[listens_to]`, or the one called `process`.

use proc_macro2::{Group, TokenStream};
use quote::quote;
use syn::{Attribute, FnArg, LitStr, Meta, Path, Type};

use super::args::{Args, ListensTo, ON_METHOD};
use super::mark::{self, Mark};
use super::members::{ImplBlock, Method};
use super::signature::Handler;
use super::{any_event, argument, events, receiver};
use crate::cfg::conditions;
use crate::options::Options;
use crate::problems::Problems;
use crate::spelling::{spelled, text};

/// What to say of handlers that a macro makes.
pub(crate) const UNSEEN: &str = "`#[subscriber]` is given this block before its macros are, and does not see what they make: write the \
     methods that listen here, or let the macro make the whole block";

/// A method that listens.
pub(crate) struct Listener<'a> {
    pub(crate) method: &'a Method,
    pub(crate) handler: Handler,
    pub(crate) args: Args,
    pub(crate) events: Vec<Path>,
    pub(crate) name: String,
    pub(crate) conditions: Vec<TokenStream>,
}

/// The methods of the block that listen, each with what is wrong with it noted.
pub(crate) fn listeners<'a>(block: &'a ImplBlock, args: &Args, problems: &mut Problems) -> Vec<Listener<'a>> {
    for mark in &block.misplaced {
        problems.at(&mark.meta, "`#[listens_to]` goes on a method: move it, or drop it");
    }
    for method in &block.methods {
        subscriber_again(method, problems);
    }
    let listeners = match &args.listens_to {
        Some(listens_to) => process(block, args, listens_to, problems),
        None => handlers(block, args, problems),
    };
    check_events(&listeners, problems);
    listeners
}

/// The methods under `#[listens_to]`.
fn handlers<'a>(block: &'a ImplBlock, args: &Args, problems: &mut Problems) -> Vec<Listener<'a>> {
    if let Some(blocking) = &args.blocking {
        problems.at(blocking, "say `blocking` where it belongs: `#[listens_to(blocking)]` on the method");
    }
    let mut listeners = Vec::new();
    for method in &block.methods {
        let mut always = method.marks.iter().filter(|mark| mark.condition.is_none());
        if let (Some(_), Some(second)) = (always.next(), always.next()) {
            problems.at(&second.meta, "`#[listens_to]` is given twice: list the events in one, `#[listens_to(A, B)]`");
        }
        // Of those within `#[cfg_attr(..)]` one is meant to be there at a time.
        for mark in &method.marks {
            listeners.extend(handler(block, method, mark, args, problems));
        }
    }
    if listeners.is_empty() && problems.is_empty() {
        nothing_listens(block, problems);
    }
    listeners
}

fn nothing_listens(block: &ImplBlock, problems: &mut Problems) {
    if let Some(call) = &block.macro_call {
        problems.at(call, UNSEEN);
        return;
    }
    let mut attributes = block.methods.iter().flat_map(|method| &method.attrs).map(Attribute::path);
    match attributes.find(|path| mark::is_slip(path)) {
        Some(slip) => problems.at(slip, "a method that listens is marked with `#[listens_to]`: write it so"),
        None => problems.at(
            &block.self_type,
            "no method listens to anything: mark one with `#[listens_to]`, or say `#[subscriber(listens_to = SomeEvent)]` and call it \
             `process`",
        ),
    }
}

/// Notes a `#[subscriber]` on a method of a block that is under one itself.
fn subscriber_again(method: &Method, problems: &mut Problems) {
    if let Some(again) = method.attrs.iter().find(|attr| events::named(attr.path(), "subscriber")) {
        let fix = match method.signature.receiver() {
            Some(_) => "mark the method with `#[listens_to]` instead",
            None => "give the function `&self` and mark it with `#[listens_to]`, or move it out of the block",
        };
        problems.at(again, format!("`#[subscriber]` is on the impl block already: {fix}"));
    }
}

fn handler<'a>(
    block: &ImplBlock,
    method: &'a Method,
    mark: &Mark,
    block_args: &Args,
    problems: &mut Problems,
) -> Option<Listener<'a>> {
    let before = problems.len();
    let (own, mut events) = listens_to(&mark.meta, problems)?;
    let args = own.or(block_args);
    receiver::check(&method.signature, &block.self_type, problems);
    if events.is_empty() {
        events.extend(types(method).find_map(events::of_argument).cloned());
    }
    if events.is_empty() && problems.len() == before {
        no_event(method, problems);
    }
    events::check_list(&events, problems);
    let handler = Handler::read(&method.signature, &args, &events, problems);
    let name = args.name.as_ref().map_or_else(
        || {
            let of_block = block_args.name.as_ref().map_or_else(|| block.name(), LitStr::value);
            format!("{of_block}::{}", text(&handler.ident))
        },
        LitStr::value,
    );
    let mut conditions = conditions(&method.attrs);
    conditions.extend(mark.condition.as_ref().map(|condition| quote!(#[cfg(#condition)])));
    Some(Listener { method, handler, args, events, name, conditions })
}

/// The options and the events of `#[listens_to]`, `#[listens_to(A, B, blocking)]`.
fn listens_to(mark: &Meta, problems: &mut Problems) -> Option<(Args, Vec<Path>)> {
    let mut options = match mark {
        Meta::Path(_) => Options::none(&ON_METHOD),
        Meta::List(list) => match syn::parse2::<Group>(list.tokens.clone()) {
            Ok(brackets) => {
                problems.at(brackets, "several events stand here without brackets: `#[listens_to(A, B)]`");
                return None;
            }
            Err(_) => Options::parse(list.tokens.clone(), &ON_METHOD, problems),
        },
        Meta::NameValue(_) => {
            problems.at(mark, "write `#[listens_to(SomeEvent)]`, with the event in parentheses");
            return None;
        }
    };
    let events = options.take_paths();
    Some((Args::read(options, problems), events))
}

/// The types of the arguments after `self`.
fn types(method: &Method) -> impl Iterator<Item = &Type> {
    method.signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(argument) => Some(&*argument.ty),
        FnArg::Receiver(_) => None,
    })
}

fn no_event(method: &Method, problems: &mut Problems) {
    if types(method).any(|ty| any_event::find(ty).is_some()) {
        // Which is said where the argument is read.
        return;
    }
    match types(method).find(|ty| events::by_value(ty).is_some()) {
        Some(event) => problems.at(event, argument::owned(event)),
        None => problems.at(
            &method.signature.ident,
            "no argument says which event this listens to: take it as `&SomeEvent`, or write `#[listens_to(SomeEvent)]`",
        ),
    }
}

/// The one-event form: a method called `process`.
fn process<'a>(
    block: &'a ImplBlock,
    args: &Args,
    listens_to: &ListensTo,
    problems: &mut Problems,
) -> Vec<Listener<'a>> {
    if let Some(mark) = block.methods.iter().flat_map(|method| &method.marks).next() {
        problems.at(
            &mark.meta,
            "either the impl block listens, with `listens_to = ..` and a method `process`, or its methods do, with `#[listens_to]`: \
             drop one",
        );
    }
    events::check_list(&listens_to.events, problems);
    let Some(method) = block.methods.iter().find(|method| method.signature.ident == "process") else {
        if let Some(call) = &block.macro_call {
            problems.at(call, UNSEEN);
        } else if problems.is_empty() {
            problems.at(
                &listens_to.key,
                "an impl block that listens has a method called `process`: add it, or mark the methods that listen with `#[listens_to]` \
                 and drop `listens_to` here",
            );
        }
        return Vec::new();
    };
    receiver::check(&method.signature, &block.self_type, problems);
    let handler = Handler::read(&method.signature, args, &listens_to.events, problems);
    let name = args.name.as_ref().map_or_else(|| block.name(), LitStr::value);
    let own = Args { name: None, blocking: args.blocking.clone(), ..Args::default() }.or(args);
    let conditions = conditions(&method.attrs);
    vec![Listener { method, handler, args: own, events: listens_to.events.clone(), name, conditions }]
}

/// Notes events that two methods listen to.
fn check_events(listeners: &[Listener<'_>], problems: &mut Problems) {
    let mut seen: Vec<(String, &Listener<'_>)> = Vec::new();
    for listener in listeners {
        for event in &listener.events {
            let spelled = spelled(event);
            let other = seen.iter().find(|(known, other)| {
                *known == spelled
                    && other.conditions.is_empty()
                    && listener.conditions.is_empty()
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
