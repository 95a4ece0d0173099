//! `Self` in the types of fields, spelled out: generated code stands where there is none.

use syn::visit_mut::{self, VisitMut};
use syn::{Ident, Path, Type};

/// The type, with the event's name for `Self`.
pub(crate) fn in_type(ty: &Type, event: &Ident) -> Type {
    let mut ty = ty.clone();
    Spell { event }.visit_type_mut(&mut ty);
    ty
}

struct Spell<'a> {
    event: &'a Ident,
}

impl VisitMut for Spell<'_> {
    fn visit_path_mut(&mut self, path: &mut Path) {
        if let Some(first) = path.segments.first_mut()
            && first.ident == "Self"
        {
            first.ident = Ident::new(&self.event.to_string(), first.ident.span());
        }
        visit_mut::visit_path_mut(self, path);
    }
}
