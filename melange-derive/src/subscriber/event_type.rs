//! An event as generated code names it: so that one that is not there, or was not imported, is one error.
//!
//! The compiler says of each place that a type is not there. So the event is named by the tokens of an argument, of which the
//! compiler speaks anyway, and not by those of the attribute once more.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Path, Type};

use super::events::{by_value, peel};
use crate::spelling::spelled;

/// One event of one handler.
pub(crate) struct EventType {
    /// As `listens_to` has it.
    listed: Path,
    /// As an argument has it, if one does.
    taken: Option<Path>,
    /// Its name in generated code, if it has one of its own there.
    alias: Option<Ident>,
}

impl EventType {
    /// The event that is `listed` of a handler that takes `args`. `number` is its own among those of an item whose type parameters
    /// would stand at `item_at`.
    pub(crate) fn new(listed: &Path, args: &[Type], number: usize, item_at: Span) -> Self {
        let spelled_listed = spelled(listed);
        let alone = args.iter().find_map(|ty| match peel(ty) {
            Type::Reference(reference) => by_value(&reference.elem).filter(|path| spelled(path) == spelled_listed),
            _ => None,
        });
        let alone = alone.filter(|path| path.segments.first().is_none_or(|first| first.ident != "Self"));
        // Of a type between angle brackets the compiler thinks that it may be a type parameter, and says so. The alias keeps
        // one that is not there out of them.
        let alias = alone.map(|_| Ident::new(&format!("__MelangeEvent{number}"), item_at));
        let taken = alone.cloned().or_else(|| {
            let mut search = Search { spelled: spelled_listed, found: None };
            args.iter().for_each(|ty| search.visit_type_mut(&mut ty.clone()));
            search.found
        });
        Self { listed: listed.clone(), taken, alias }
    }

    /// What must be declared for its name, wherever these conditions hold.
    pub(crate) fn declaration(&self, conditions: &[TokenStream]) -> TokenStream {
        let Self { listed, taken, alias } = self;
        let alias = alias.as_ref().map(|alias| quote!(#(#conditions)* type #alias = #taken;));
        // An editor finds the word of the attribute here, for whoever follows or renames it.
        let listed = taken.as_ref().map(|_| {
            quote! {
                #[cfg(rust_analyzer)]
                #(#conditions)*
                const _: () = {
                    type __MelangeListed = #listed;
                };
            }
        });
        quote!(#alias #listed)
    }

    /// Whether this is how it is written.
    pub(crate) fn is(&self, ty: &Type) -> bool {
        spelled(ty) == spelled(&self.listed)
    }

    /// Where it is listed.
    pub(crate) fn span(&self) -> Span {
        self.listed.span()
    }
}

impl ToTokens for EventType {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match &self.alias {
            Some(alias) => Ident::new(&alias.to_string(), self.span()).to_tokens(tokens),
            None => self.taken.as_ref().unwrap_or(&self.listed).to_tokens(tokens),
        }
    }
}

/// The first path of this spelling.
struct Search {
    spelled: String,
    found: Option<Path>,
}

impl VisitMut for Search {
    fn visit_path_mut(&mut self, path: &mut Path) {
        if self.found.is_none() && spelled(&*path) == self.spelled {
            self.found = Some(path.clone());
        }
        visit_mut::visit_path_mut(self, path);
    }
}
