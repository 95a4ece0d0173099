//! What can be a subscriber: a function or method, seen from outside.

use syn::visit_mut::{self, VisitMut};
use syn::{
    FnArg, GenericParam, Generics, Ident, Lifetime, PatType, Path, Receiver, ReceiverKind, ReturnType, Safety,
    Signature, TraitBound, Type, TypeFnPtr, TypeImplTrait,
};

use super::args::Args;
use super::events::{is_by_value, peel, spelled};
use crate::problems::Problems;

/// A function or method that can be called by generated code.
pub(crate) struct Handler {
    pub(crate) ident: Ident,
    pub(crate) is_async: bool,
    /// The types of the arguments after `self`, with every lifetime left to the compiler.
    pub(crate) args: Vec<Type>,
    /// What it returns; `None` for nothing.
    pub(crate) output: Option<Type>,
}

impl Handler {
    /// Reads the signature and notes what a subscriber may not have.
    pub(crate) fn read(signature: &Signature, args: &Args, events: &[Path], problems: &mut Problems) -> Self {
        qualifiers(signature, args, problems);
        generics(&signature.generics, problems);
        let typed = signature.inputs.iter().filter_map(|input| match input {
            FnArg::Typed(argument) => Some(argument),
            FnArg::Receiver(_) => None,
        });
        let arguments = typed.map(|argument| self::argument(argument, events, problems)).collect();
        let output = match &signature.output {
            ReturnType::Default => None,
            ReturnType::Type(_, ty) => Some(without_lifetimes(ty).0),
        };
        Self { ident: signature.ident.clone(), is_async: signature.asyncness.is_some(), args: arguments, output }
    }
}

fn qualifiers(signature: &Signature, args: &Args, problems: &mut Problems) {
    if let Some(constness) = &signature.constness {
        problems.at(constness, "a subscriber cannot be a `const fn`: drop `const`");
    }
    if let Safety::Unsafe(unsafety) = &signature.safety {
        problems.at(
            unsafety,
            "a subscriber cannot be an `unsafe fn`, because nobody could promise what it asks for: drop `unsafe`",
        );
    }
    if let Some(abi) = &signature.abi {
        problems
            .at(abi, "a subscriber cannot be an `extern` function: drop it, or call the function from a subscriber");
    }
    if let Some(variadic) = &signature.variadic {
        problems.at(variadic, "a subscriber cannot take any number of arguments");
    }
    if let (Some(blocking), Some(_)) = (&args.blocking, &signature.asyncness) {
        problems.at(blocking, "`blocking` is for functions that are not async: drop it, or drop `async`");
    }
}

fn generics(generics: &Generics, problems: &mut Problems) {
    let generic = generics.params.iter().find(|param| !matches!(param, GenericParam::Lifetime(_)));
    if let Some(param) = generic {
        problems.at(
            param,
            "a subscriber cannot be generic, because there is no call that could choose the types: write one function for each, which \
             may call a generic one",
        );
    }
}

fn argument(argument: &PatType, events: &[Path], problems: &mut Problems) -> Type {
    let ty = &argument.ty;
    let (clean, has_impl) = without_lifetimes(ty);
    if let Type::Reference(reference) = peel(ty) {
        let inner = spaced(&reference.elem);
        if reference.mutability.is_some() {
            problems.at(
                ty,
                format!("arguments are shared with the other subscribers: take `&{inner}`, and keep what changes behind a `Mutex` in a `State`"),
            );
        } else if reference.lifetime.as_ref().is_some_and(|lifetime| lifetime.ident == "static") {
            problems.at(
                ty,
                format!("arguments live as long as one run: take `&{inner}`, or `Arc<{inner}>` to keep the event"),
            );
        }
    }
    if has_impl {
        problems.at(ty, "an argument needs a type with a name: `impl Trait` does not say what to hand over");
    } else if is_by_value(ty, events) {
        let event = spaced(ty);
        problems.at(
            ty,
            format!("the event is shared with the other subscribers: take `&{event}`, or `Arc<{event}>` to keep it"),
        );
    }
    clean
}

/// A type as a person would write it.
fn spaced(ty: &Type) -> String {
    let mut text = spelled(ty);
    for (wide, narrow) in [(" :: ", "::"), (":: ", "::"), (" < ", "<"), (" >", ">"), (" ,", ","), ("& ", "&")] {
        text = text.replace(wide, narrow);
    }
    text
}

/// Notes a missing or wrong `self` of a method.
pub(crate) fn check_receiver(signature: &Signature, problems: &mut Problems) {
    let fix = "it is called on a shared value: write `&self`";
    match signature.receiver() {
        None => problems.at(&signature.ident, format!("`{}` has no `self`: {fix}", signature.ident)),
        Some(Receiver { kind: ReceiverKind::Reference(_, _, None), .. }) => {}
        Some(receiver @ Receiver { kind: ReceiverKind::Reference(..), .. }) => {
            problems.at(receiver, format!("{fix}, and keep what changes behind a `Mutex` or an atomic"));
        }
        Some(receiver) => problems.at(receiver, fix),
    }
}

/// The type with `'_` for every lifetime that is not its own or `'static`; and whether there is an `impl Trait` in it.
fn without_lifetimes(ty: &Type) -> (Type, bool) {
    let mut ty = ty.clone();
    let mut elide = Elide { has_impl: false };
    elide.visit_type_mut(&mut ty);
    (ty, elide.has_impl)
}

struct Elide {
    has_impl: bool,
}

impl VisitMut for Elide {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident != "static" {
            *lifetime = Lifetime::new("'_", lifetime.span());
        }
    }

    fn visit_type_fn_ptr_mut(&mut self, _: &mut TypeFnPtr) {}

    fn visit_trait_bound_mut(&mut self, bound: &mut TraitBound) {
        if bound.lifetimes.is_none() {
            visit_mut::visit_trait_bound_mut(self, bound);
        }
    }

    fn visit_type_impl_trait_mut(&mut self, _: &mut TypeImplTrait) {
        self.has_impl = true;
    }
}

/// Whether there is an `impl Trait` in the type.
pub(crate) fn has_impl_trait(ty: &Type) -> bool {
    without_lifetimes(ty).1
}
