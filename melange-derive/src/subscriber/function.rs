//! `#[subscriber(listens_to = ..)]` on a function.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Path, Signature, Visibility};

use super::args::{Args, ON_FUNCTION};
use super::expand::{Subscriber, Target, subscribers};
use super::signature::Handler;
use super::{cfgs, events, with_problems};
use crate::options::Options;
use crate::place::text;
use crate::problems::Problems;

/// A function, of which only the signature is understood: a half-written body does not hide the rest from an editor.
struct Function {
    attrs: Vec<Attribute>,
    vis: Visibility,
    signature: Signature,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let function =
            Self { attrs: input.call(Attribute::parse_outer)?, vis: input.parse()?, signature: input.parse()? };
        input.parse::<TokenStream>()?;
        Ok(function)
    }
}

pub(crate) fn expand(options: Options, item: TokenStream, mut problems: Problems) -> TokenStream {
    let args = args(options, &mut problems);
    let function: Function = match syn::parse2(item.clone()) {
        Ok(function) => function,
        Err(error) => {
            problems.add(error);
            return with_problems(item, problems);
        }
    };
    if let Some(receiver) = function.signature.receiver() {
        problems
            .at(receiver, "this is a method: put `#[subscriber]` on its impl block, and `#[listens_to]` on the method");
        // No type can be declared here, so there is no stub.
        return with_problems(item, problems);
    }
    let events = listens_to(&args, &function.signature, &mut problems);
    let handler = Handler::read(&function.signature, &args, events, &mut problems);
    if !problems.is_empty() {
        let stub = hidden_type(&args, &function, &[]);
        return with_problems(quote!(#item #stub), problems);
    }
    let name = args.name.as_ref().map_or_else(|| text(&handler.ident), syn::LitStr::value);
    let target = Target::Function;
    let of_event =
        |event| Subscriber { event, name: &name, target: &target, handler: &handler, args: &args, cfgs: &[] };
    let all: Vec<_> = events.iter().map(of_event).collect();
    let hidden = hidden_type(&args, &function, &all);
    quote!(#item #hidden)
}

fn args(mut options: Options, problems: &mut Problems) -> Args {
    for path in std::mem::take(&mut options.paths) {
        problems.at(&path, "say what it is: `listens_to = ...`");
    }
    Args::read(options, &ON_FUNCTION, problems)
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
    let (vis, ident) = (&function.vis, &function.signature.ident);
    let cfgs = cfgs(&function.attrs);
    let subscribers = subscribers(&args.krate, &quote!(#ident), all, &cfgs);
    quote! {
        #(#cfgs)*
        #[doc(hidden)]
        #[allow(
            non_camel_case_types,
            dead_code,
            unreachable_pub,
            missing_debug_implementations,
            missing_copy_implementations,
            reason = "generated: it stands for the function of the same name"
        )]
        #vis struct #ident {}
        #subscribers
    }
}
