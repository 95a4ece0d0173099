//! What can be a subscriber: a function or method, seen from outside.

use syn::{
    FnArg, GenericParam, Generics, Ident, Lifetime, Path, ReturnType, Safety, Signature, Type, TypeParamBound,
    WherePredicate,
};

use super::args::Args;
use super::events::{generic, named, peel};
use super::{argument, lifetimes};
use crate::problems::Problems;

/// A function or method that can be called by generated code.
pub(crate) struct Handler {
    pub(crate) ident: Ident,
    pub(crate) is_async: bool,
    /// The types of the arguments after `self`, with every lifetime left to the compiler.
    pub(crate) args: Vec<Type>,
    /// What it returns; `None` for nothing.
    pub(crate) output: Option<Output>,
}

/// What a handler returns.
pub(crate) struct Output {
    pub(crate) ty: Type,
    /// Whether it is or holds an `impl Trait`, which nobody can name.
    pub(crate) has_impl: bool,
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
        argument::check_several(typed.clone().map(|argument| &*argument.ty), events, problems);
        let arguments = typed.map(|argument| argument::read(argument, events, problems)).collect();
        let output = match &signature.output {
            ReturnType::Default => None,
            ReturnType::Type(_, ty) => Some(output(ty, signature, problems)),
        };
        Self { ident: signature.ident.clone(), is_async: signature.asyncness.is_some(), args: arguments, output }
    }
}

/// Notes the first word before `fn` that must go.
fn qualifiers(signature: &Signature, args: &Args, problems: &mut Problems) {
    if let Some(constness) = &signature.constness {
        problems.at(constness, "a subscriber cannot be a `const fn`: drop `const`");
    } else if let Safety::Unsafe(unsafety) = &signature.safety {
        problems.at(
            unsafety,
            "a subscriber cannot be an `unsafe fn`, because nobody could promise what it asks for: drop `unsafe`",
        );
    } else if let Some(abi) = &signature.abi {
        problems
            .at(abi, "a subscriber cannot be an `extern` function: drop it, or call the function from a subscriber");
    } else if let (Some(blocking), Some(_)) = (&args.blocking, &signature.asyncness) {
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
        return;
    }
    let is_static = |lifetime: &Lifetime| lifetime.ident == "static";
    let forever = generics.lifetimes().flat_map(|param| &param.bounds).find(|bound| is_static(bound));
    let where_forever = generics.where_clause.iter().flat_map(|clause| &clause.predicates).find_map(|predicate| {
        let WherePredicate::Lifetime(predicate) = predicate else { return None };
        predicate.bounds.iter().find(|bound| is_static(bound))
    });
    if let Some(bound) = forever.or(where_forever) {
        problems.at(bound, "arguments live as long as one run: drop this bound, or take `Arc<..>` to keep the event");
    }
}

fn output(ty: &Type, signature: &Signature, problems: &mut Problems) -> Output {
    if let Type::Never(_) = peel(ty) {
        problems.at(
            ty,
            "a subscriber that never returns is never done with its event: return `()`, `Outcome` or `Result<(), E>`",
        );
    } else if signature.asyncness.is_none() && is_future(ty) {
        problems.at(
            ty,
            "a subscriber that returns a future is an `async fn`: write it as one, and return what the future gives",
        );
    }
    let (ty, has_impl) = lifetimes::without(ty);
    Output { ty, has_impl }
}

/// `impl Future`, or a box of one.
fn is_future(ty: &Type) -> bool {
    let bounds = match peel(ty) {
        Type::ImplTrait(impl_trait) => &impl_trait.bounds,
        Type::TraitObject(object) => &object.bounds,
        Type::Path(path) => {
            let boxed = named(&path.path, "Pin") || named(&path.path, "Box");
            return named(&path.path, "BoxFuture") || boxed && generic(&path.path).is_some_and(is_future);
        }
        _ => return false,
    };
    bounds.iter().any(|bound| matches!(bound, TypeParamBound::Trait(bound) if named(&bound.path, "Future")))
}
