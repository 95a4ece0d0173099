//! Types as generated code can name them: with no lifetime but `'_` and `'static`.

use syn::visit_mut::{self, VisitMut};
use syn::{Lifetime, TraitBound, Type, TypeFnPtr, TypeImplTrait};

/// The type with `'_` for every lifetime that is not its own or `'static`; and whether there is an `impl Trait` in it.
pub(crate) fn without(ty: &Type) -> (Type, bool) {
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
