//! Which types name an event, and which events a subscriber listens to.

use syn::{GenericArgument, Path, PathArguments, Type};

use crate::problems::Problems;
use crate::spelling::spelled;

/// Arguments that are not events although they look like them.
const NOT_EVENTS: [&str; 5] = ["Metadata", "Context", "CancellationToken", "State", "Option"];

/// What the language or everybody's prelude has, and no crate can make an event.
pub(crate) const NEVER_EVENTS: [&str; 19] = [
    "str", "bool", "char", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize",
    "f32", "f64", "String", "Vec",
];

/// Notes events that are listed twice.
pub(crate) fn check_list(events: &[Path], problems: &mut Problems) {
    let mut seen = Vec::new();
    for event in events {
        let spelled = spelled(event);
        if seen.contains(&spelled) {
            problems.at(event, "this event is listed twice: keep one");
        }
        seen.push(spelled);
    }
}

/// The event of an argument that is `&E`, `Arc<E>` or `&Context<E>`.
pub(crate) fn of_argument(ty: &Type) -> Option<&Path> {
    let event = match peel(ty) {
        Type::Reference(reference) => match peel(&reference.elem) {
            Type::Path(path) if named(&path.path, "Context") => generic(&path.path)?,
            inner => inner,
        },
        Type::Path(path) if named(&path.path, "Arc") => generic(&path.path)?,
        _ => return None,
    };
    by_value(event)
}

/// The type itself, if it can be an event.
pub(crate) fn by_value(ty: &Type) -> Option<&Path> {
    match peel(ty) {
        Type::Path(path) if path.qself.is_none() => {
            let mut others = NOT_EVENTS.iter().chain(&NEVER_EVENTS);
            (!others.any(|other| named(&path.path, other))).then_some(&path.path)
        }
        _ => None,
    }
}

/// Whether the path seems to be one of the events: written like it, or with the same last word.
pub(crate) fn is_one_of(path: &Path, events: &[Path]) -> bool {
    events.iter().any(|event| {
        let same_end = match (path.segments.last(), event.segments.last()) {
            (Some(a), Some(b)) => a.ident == b.ident && a.arguments.is_none() && b.arguments.is_none(),
            _ => false,
        };
        same_end || spelled(path) == spelled(event)
    })
}

/// The type without parentheses and without what a macro wrapped around it.
pub(crate) fn peel(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => peel(&group.elem),
        Type::Paren(paren) => peel(&paren.elem),
        other => other,
    }
}

/// Whether the path ends with this word.
pub(crate) fn named(path: &Path, name: &str) -> bool {
    path.segments.last().is_some_and(|last| last.ident == name)
}

/// The last type between the angle brackets.
pub(crate) fn generic(path: &Path) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = &path.segments.last()?.arguments else { return None };
    arguments.args.iter().rev().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}
