//! What a subscriber may take, as far as it can be seen: the rest is for the compiler, by `FromContext`.

use syn::{PatType, Path, Type};

use super::events::{by_value, generic, is_one_of, named, of_argument, peel};
use super::{any_event, lifetimes};
use crate::cfg::is_condition;
use crate::problems::Problems;
use crate::spelling::spelled;

/// The argument's type, as generated code names it. What it may not be is noted as one problem.
pub(crate) fn read(argument: &PatType, events: &[Path], problems: &mut Problems) -> Type {
    let ty = &*argument.ty;
    let (clean, has_impl) = lifetimes::without(ty);
    let condition = argument.attrs.iter().find(|attr| is_condition(attr));
    if let Some(condition) = condition {
        problems.at(
            condition,
            "an argument is there always: put `#[cfg]` on the function, and write it once for each case",
        );
    } else if let Some(any) = any_event::find(ty) {
        problems.at(any, any_event::MESSAGE);
    } else if let Some(message) = wrong_reference(ty) {
        problems.at(ty, message);
    } else if has_impl {
        problems.at(ty, "an argument needs a type with a name: `impl Trait` does not say what to hand over");
    } else if let Some(message) = owned_event(ty, events) {
        problems.at(ty, message);
    }
    clean
}

fn wrong_reference(ty: &Type) -> Option<String> {
    let Type::Reference(reference) = peel(ty) else { return None };
    let inner = spelled(&reference.elem);
    if reference.mutability.is_some() {
        return Some(format!(
            "arguments are shared with the other subscribers: take `&{inner}`, and keep what changes behind a `Mutex` in a `State`"
        ));
    }
    let is_static = reference.lifetime.as_ref().is_some_and(|lifetime| lifetime.ident == "static");
    is_static
        .then(|| format!("arguments live as long as one run: take `&{inner}`, or `Arc<{inner}>` to keep the event"))
}

/// An event by value, or an `Option` of one.
fn owned_event(ty: &Type, events: &[Path]) -> Option<String> {
    let is_event = |ty| by_value(ty).is_some_and(|path| is_one_of(path, events));
    if is_event(ty) {
        return Some(owned(ty));
    }
    match peel(ty) {
        Type::Path(option) if named(&option.path, "Option") => {
            let event = generic(&option.path).filter(|inner| is_event(inner)).map(spelled)?;
            Some(format!(
                "the event is shared with the other subscribers: take `Option<&{event}>`, or `Option<Arc<{event}>>` to keep it"
            ))
        }
        _ => None,
    }
}

/// What to say of an event that is taken by value.
pub(crate) fn owned(event: &Type) -> String {
    let event = spelled(event);
    format!("the event is shared with the other subscribers: take `&{event}`, or `Arc<{event}>` to keep it")
}

/// Notes that a subscriber of several events takes one of them as if it were always there: once, for the first.
pub(crate) fn check_several<'a>(types: impl Iterator<Item = &'a Type>, events: &[Path], problems: &mut Problems) {
    let mut always = types.filter(|ty| of_argument(ty).is_some_and(|event| is_one_of(event, events)));
    let several = events.iter().any(|event| !is_one_of(event, &events[..1]));
    if let Some(ty) = always.next()
        && several
    {
        let ty_text = spelled(ty);
        problems.at(
            ty,
            format!(
                "only one of several events is there at a time: take each as an `Option`, here `Option<{ty_text}>`"
            ),
        );
    }
}
