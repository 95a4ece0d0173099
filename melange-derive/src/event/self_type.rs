//! `Self` in what the user wrote, spelled out: generated code stands where there is none.

use syn::visit_mut::{self, VisitMut};
use syn::{Expr, Ident, Item, Path, Type};

/// The type, with the event's name for `Self`.
pub(crate) fn in_type(ty: &Type, event: &Ident) -> Type {
    let mut ty = ty.clone();
    Spell { event }.visit_type_mut(&mut ty);
    ty
}

/// The expression, with the event's name for `Self`.
pub(crate) fn in_expression(mut expression: Expr, event: &Ident) -> Expr {
    Spell { event }.visit_expr_mut(&mut expression);
    expression
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

    // An item within has a `Self` of its own.
    fn visit_item_mut(&mut self, _: &mut Item) {}
}
