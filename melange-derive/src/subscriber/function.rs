//! `#[subscriber(listens_to = ..)]` on a function.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Path, Signature, Token, Visibility};

use super::args::Args;
use super::event_type::EventType;
use super::expand::{Of, Subscriber, Target, subscribers};
use super::signature::Handler;
use super::{any_event, events, twice, with_problems, within};
use crate::cfg::{conditions, is_condition};
use crate::options::Options;
use crate::problems::Problems;
use crate::spelling::text;

/// A function, of which only the signature is understood: a half-written body does not hide the rest from an editor.
struct Function {
    attrs: Vec<Attribute>,
    vis: Visibility,
    signature: Signature,
    has_body: bool,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let (attrs, vis, signature) = (input.call(Attribute::parse_outer)?, input.parse()?, input.parse()?);
        let has_body = !input.peek(Token![;]);
        input.parse::<TokenStream>()?;
        Ok(Self { attrs, vis, signature, has_body })
    }
}

pub(crate) fn expand(options: Options, item: TokenStream, mut problems: Problems) -> TokenStream {
    let args = Args::of_item(options, &mut problems);
    let function: Function = match syn::parse2(item.clone()) {
        Ok(function) => function,
        Err(error) => {
            problems.add(error);
            return with_problems(item, problems);
        }
    };
    // Where these are found, no type can be declared, or another macro declares it: there is no stub.
    if let Some(receiver) = function.signature.receiver() {
        problems
            .at(receiver, "this is a method: put `#[subscriber]` on its impl block, and `#[listens_to]` on the method");
        return with_problems(item, problems);
    }
    if let Some(block) = within::block(function.signature.fn_token.span) {
        let block = if block == "impl" { "an impl block" } else { "a trait" };
        problems.at(
            &function.signature.ident,
            format!(
                "a subscriber that is a function cannot stand in {block}: move it out; or give it `&self` and `#[listens_to]`, and put \
                 `#[subscriber]` on the impl block of a type"
            ),
        );
        return with_problems(item, problems);
    }
    if !function.has_body {
        problems.at(
            &function.signature.ident,
            "this function has no body: give it one, or put `#[subscriber]` on one that has",
        );
        return with_problems(with_body(item), problems);
    }
    if let Some(second) = function.attrs.iter().find(|attr| events::named(attr.path(), "subscriber")) {
        problems.at(second, "`#[subscriber]` is given twice: list the events in one, `listens_to = [A, B]`");
        return with_problems(item, problems);
    }
    if let Some(what) = twice_beside(&function) {
        let name = text(&function.signature.ident);
        let message = match what {
            "fn" => format!("there is a function `{name}` here already: give this one another name"),
            _ => format!(
                "`{what} {name}` is here too, and `#[subscriber]` makes a hidden type of this name beside the function: call one otherwise"
            ),
        };
        problems.at(&function.signature.ident, message);
        return with_problems(twice::renamed_function(item, &function.signature.ident), problems);
    }
    if let Some(part) = &args.part {
        problems.at(&part.key, "`part` is for the impl blocks of one type: a function stands alone, drop it");
    }
    let events = listens_to(&args, &function.signature, &mut problems);
    let handler = Handler::read(&function.signature, &args, events, &mut problems);
    if !problems.is_empty() {
        let (item, stub) = (any_event::replaced(item, 0), hidden_type(&args, &function, &[]));
        return with_problems(quote!(#item #stub), problems);
    }
    let name = args.name.as_ref().map_or_else(|| text(&handler.ident), syn::LitStr::value);
    let target = Target::Function;
    let of_event = |(number, event)| {
        let event = EventType::new(event, &handler.args, number, handler.ident.span());
        Subscriber { event, name: &name, target: &target, handler: &handler, args: &args, conditions: &[] }
    };
    let all: Vec<_> = events.iter().enumerate().map(of_event).collect();
    let hidden = hidden_type(&args, &function, &all);
    quote!(#item #hidden)
}

/// What stands beside the function and has its name, where there are no conditions.
fn twice_beside(function: &Function) -> Option<&'static str> {
    let has_condition = function.attrs.iter().any(is_condition);
    if has_condition { None } else { twice::beside(function.signature.fn_token.span, &function.signature.ident) }
}

/// A body in the place of the semicolon, so that the missing one is not an error twice.
fn with_body(item: TokenStream) -> TokenStream {
    let mut trees: Vec<TokenTree> = item.into_iter().collect();
    trees.pop();
    trees.push(Group::new(Delimiter::Brace, quote!(loop {})).into());
    quote!(#[allow(unused_variables, reason = "there is no body that could use them")] #(#trees)*)
}

fn listens_to<'a>(args: &'a Args, signature: &Signature, problems: &mut Problems) -> &'a [Path] {
    let Some(listens_to) = &args.listens_to else {
        if problems.is_empty() {
            problems.at(&signature.ident, "say which event it listens to: `#[subscriber(listens_to = SomeEvent)]`");
        }
        return &[];
    };
    events::check_list(&listens_to.events, problems);
    &listens_to.events
}

/// A type of the function's name, by which the function's descriptors are found: `use orders::send_receipt` brings both.
fn hidden_type(args: &Args, function: &Function, all: &[Subscriber<'_>]) -> TokenStream {
    let (vis, ident) = (generated(&function.vis), generated(&function.signature.ident));
    let conditions = conditions(&function.attrs);
    let subscribers = subscribers(&args.krate, &Of::Function(&function.signature.ident), all, &conditions);
    quote! {
        #(#conditions)*
        #[doc(hidden)]
        #vis struct #ident {}
        #subscribers
    }
}

/// The tokens as the macro's own, where they stand: what lints say of the function, they do not say again of the type.
fn generated(tokens: impl ToTokens) -> TokenStream {
    let generated = |tree| match tree {
        TokenTree::Ident(mut ident) => {
            ident.set_span(Span::call_site().located_at(ident.span()));
            TokenTree::Ident(ident)
        }
        other => other,
    };
    tokens.into_token_stream().into_iter().map(generated).collect()
}
