//! The `self` of a method that listens.

use syn::{Receiver, ReceiverKind, Signature, Type};

use super::events::peel;
use crate::problems::Problems;
use crate::spelling::spelled;

/// Notes a missing or wrong `self`.
pub(crate) fn check(signature: &Signature, self_type: &Type, problems: &mut Problems) {
    let fix = "it is called on a shared value: write `&self`";
    let Some(receiver) = signature.receiver() else {
        problems.at(&signature.ident, format!("`{}` has no `self`: {fix}", signature.ident));
        return;
    };
    if is_mutable(receiver) {
        problems.at(receiver, format!("{fix}, and keep what changes behind a `Mutex` or an atomic"));
    } else if !is_shared(receiver, self_type) {
        problems.at(receiver, fix);
    }
}

fn is_mutable(receiver: &Receiver) -> bool {
    match &receiver.kind {
        ReceiverKind::Reference(_, _, mutability) => mutability.is_some(),
        ReceiverKind::Typed(_, ty) => {
            matches!(peel(ty), Type::Reference(reference) if reference.mutability.is_some())
        }
        _ => false,
    }
}

/// `&self`, or the same in more words.
fn is_shared(receiver: &Receiver, self_type: &Type) -> bool {
    let lifetime = match &receiver.kind {
        ReceiverKind::Reference(_, lifetime, _) => lifetime,
        ReceiverKind::Typed(_, ty) => match peel(ty) {
            Type::Reference(reference) if is_self(&reference.elem, self_type) => &reference.lifetime,
            _ => return false,
        },
        _ => return false,
    };
    lifetime.as_ref().is_none_or(|lifetime| lifetime.ident != "static")
}

fn is_self(ty: &Type, self_type: &Type) -> bool {
    let spelled_self = spelled(peel(ty));
    spelled_self == "Self" || spelled_self == spelled(peel(self_type))
}
