//! What `#[serde(..)]` says of the names in the JSON. Only read: what is wrong there, serde reports.

use syn::meta::ParseNestedMeta;
use syn::{Attribute, GenericArgument, LitStr, Path, PathArguments, Token, Type, parenthesized, token};

use super::rename_all::{Rule, VariantRule};

/// `#[serde(..)]` on a type.
#[derive(Default)]
pub(crate) struct SerdeContainer {
    /// Where a rule for all names stands.
    pub(crate) rename_all_at: Option<Path>,
    rename_all: Renames<Rule>,
    /// The same, for the variants of an enum.
    rename_variants: Renames<VariantRule>,
    /// For the fields of an enum's variants.
    rename_all_fields: Renames<Rule>,
    /// Not written as its own fields: `transparent`, `into`, `from`, `try_from`, `remote`.
    pub(crate) other_shape: bool,
    pub(crate) deny_unknown_fields: Option<Path>,
    pub(crate) tag: Option<LitStr>,
    /// What the variants of an enum hold stands beside its tag, and not among it.
    pub(crate) content: Option<LitStr>,
    untagged: bool,
    /// What is missing is filled in, in every field.
    pub(crate) default: bool,
}

/// `#[serde(..)]` on a field.
#[derive(Default)]
pub(crate) struct SerdeField {
    rename: Renames<LitStr>,
    pub(crate) aliases: Vec<LitStr>,
    skip_writing: bool,
    skip_reading: bool,
    pub(crate) flatten: bool,
    /// Written or read by functions of its own: its type does not say how it looks.
    pub(crate) custom: bool,
    /// Read by a function of the user's (`with`, `deserialize_with`), which serde does not ask what is absent.
    pub(crate) read_by_hand: bool,
    /// Left out now and then.
    pub(crate) skip_if: bool,
    /// Filled in when it is missing.
    pub(crate) default: bool,
    /// A variant that nothing in the JSON tells from others.
    pub(crate) untagged: bool,
    /// The variant that stands for all names that there are not.
    pub(crate) other: bool,
}

/// One value for writing, one for reading.
#[derive(Clone, Copy)]
struct Renames<T> {
    write: Option<T>,
    read: Option<T>,
}

impl<T> Default for Renames<T> {
    fn default() -> Self {
        Self { write: None, read: None }
    }
}

impl SerdeContainer {
    pub(crate) fn read(attrs: &[Attribute]) -> Self {
        let mut read = Self::default();
        for attr in serde(attrs) {
            each(attr, |meta| {
                let is = |name| meta.path.is_ident(name);
                if is("rename_all") || is("rename_all_fields") {
                    read.rename_all_at.get_or_insert_with(|| meta.path.clone());
                }
                if is("rename_all") {
                    let mut rules = Renames::default();
                    renames(&meta, |to| Some(to.value()), &mut rules)?;
                    let each = |rule: &Option<String>| rule.as_deref().and_then(Rule::named);
                    read.rename_all = Renames { write: each(&rules.write), read: each(&rules.read) };
                    let each = |rule: &Option<String>| rule.as_deref().and_then(VariantRule::named);
                    read.rename_variants = Renames { write: each(&rules.write), read: each(&rules.read) };
                } else if is("rename_all_fields") {
                    renames(&meta, |to| Rule::named(&to.value()), &mut read.rename_all_fields)?;
                } else if is("transparent") || is("into") || is("from") || is("try_from") || is("remote") {
                    read.other_shape = true;
                } else if is("deny_unknown_fields") {
                    read.deny_unknown_fields = Some(meta.path.clone());
                } else if is("tag") {
                    read.tag = Some(meta.value()?.parse()?);
                } else if is("content") {
                    read.content = Some(meta.value()?.parse()?);
                } else if is("untagged") {
                    read.untagged = true;
                } else if is("default") {
                    read.default = true;
                }
                Ok(())
            });
        }
        read
    }

    /// Whether nothing in the JSON says which variant of an enum it is.
    pub(crate) fn is_untagged(&self) -> bool {
        self.untagged
    }

    /// Whether serde reads the variants of an enum by way of anything: what they hold, it does not show.
    pub(crate) fn is_read_by_way_of_anything(&self) -> bool {
        self.untagged || self.inner_tag().is_some()
    }

    /// The key among a variant's own that says which one it is.
    pub(crate) fn inner_tag(&self) -> Option<&LitStr> {
        self.tag.as_ref().filter(|_| self.content.is_none())
    }

    /// What it says of the fields of a variant, which may say otherwise for itself.
    pub(crate) fn within(&self, variant: &[Attribute]) -> Self {
        let own = Self::read(variant).rename_all;
        let Renames { write, read } = self.rename_all_fields;
        Self { rename_all: Renames { write: own.write.or(write), read: own.read.or(read) }, ..Self::default() }
    }

    /// The name of a variant in the JSON that is read, or else written; none for one that is on no wire.
    pub(crate) fn variant(&self, ident: &str, variant: &SerdeField) -> Option<String> {
        let (written, read) = self.variant_names(ident, variant);
        read.or(written)
    }

    /// The names of a variant in the JSON that is written and that is read.
    pub(crate) fn variant_names(&self, ident: &str, variant: &SerdeField) -> (Option<String>, Option<String>) {
        let named = |rename: Option<&LitStr>, rule: Option<VariantRule>| match (rename, rule) {
            (Some(name), _) => name.value(),
            (None, Some(rule)) => rule.apply(ident),
            (None, None) => ident.to_owned(),
        };
        let written = (!variant.skip_writing).then(|| named(variant.rename.write.as_ref(), self.rename_variants.write));
        let read = (!variant.skip_reading).then(|| named(variant.rename.read.as_ref(), self.rename_variants.read));
        (written, read)
    }
}

impl SerdeField {
    pub(crate) fn read(attrs: &[Attribute]) -> Self {
        let mut read = Self::default();
        for attr in serde(attrs) {
            each(attr, |meta| {
                let is = |name| meta.path.is_ident(name);
                if is("rename") {
                    renames(&meta, Some, &mut read.rename)?;
                } else if is("alias") {
                    read.aliases.push(meta.value()?.parse()?);
                } else if is("skip") {
                    (read.skip_writing, read.skip_reading) = (true, true);
                } else if is("skip_serializing") {
                    read.skip_writing = true;
                } else if is("skip_deserializing") {
                    read.skip_reading = true;
                } else if is("flatten") {
                    read.flatten = true;
                } else if is("with") || is("deserialize_with") {
                    (read.custom, read.read_by_hand) = (true, true);
                } else if is("serialize_with") {
                    read.custom = true;
                } else if is("skip_serializing_if") {
                    read.skip_if = true;
                } else if is("default") {
                    read.default = true;
                } else if is("untagged") {
                    read.untagged = true;
                } else if is("other") {
                    read.other = true;
                }
                Ok(())
            });
        }
        read
    }

    /// Whether it is not written, and whether it is not read.
    pub(crate) fn skipped(&self) -> (bool, bool) {
        (self.skip_writing, self.skip_reading)
    }

    /// Whether it is left out at least one way.
    pub(crate) fn is_skipped(&self) -> bool {
        self.skip_writing || self.skip_reading
    }

    /// Whether it is neither written nor read.
    pub(crate) fn is_on_no_wire(&self) -> bool {
        self.skip_writing && self.skip_reading
    }

    /// Whether it says a name of its own.
    pub(crate) fn is_renamed(&self) -> bool {
        self.rename.write.is_some() || self.rename.read.is_some()
    }

    /// Whether it says a name for reading, and none for writing.
    pub(crate) fn is_renamed_for_reading_only(&self) -> bool {
        self.rename.write.is_none() && self.rename.read.is_some()
    }

    /// Whether what is written as `written` is read, where `read` is the name that is.
    pub(crate) fn is_read_as(&self, written: &str, read: &str) -> bool {
        written == read || self.aliases.iter().any(|alias| alias.value() == written)
    }

    /// The name in the JSON that is written, if the field is.
    pub(crate) fn written(&self, ident: &str, container: &SerdeContainer) -> Option<String> {
        (!self.skip_writing && !self.flatten)
            .then(|| name(ident, self.rename.write.as_ref(), container.rename_all.write))
    }

    /// The name in the JSON that is read, if the field is; aliases are read too.
    pub(crate) fn read_as(&self, ident: &str, container: &SerdeContainer) -> Option<String> {
        (!self.skip_reading && !self.flatten).then(|| name(ident, self.rename.read.as_ref(), container.rename_all.read))
    }

    /// Whether a field of this type has a value where the JSON has none: by a default, or as an `Option` that serde reads
    /// itself.
    pub(crate) fn fills_in(&self, ty: &Type, container: &SerdeContainer) -> bool {
        self.default || container.default || is_option(ty) && !self.read_by_hand
    }
}

pub(crate) fn is_option(ty: &Type) -> bool {
    match ty {
        Type::Group(group) => is_option(&group.elem),
        Type::Path(path) => path.path.segments.last().is_some_and(|segment| segment.ident == "Option"),
        _ => false,
    }
}

/// `T` of an `Option<T>`.
pub(crate) fn in_option(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let PathArguments::AngleBracketed(arguments) = &path.path.segments.last().filter(|_| is_option(ty))?.arguments
    else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(inner) => Some(inner),
        _ => None,
    })
}

fn name(ident: &str, rename: Option<&LitStr>, rule: Option<Rule>) -> String {
    match (rename, rule) {
        (Some(name), _) => name.value(),
        (None, Some(rule)) => rule.apply(ident),
        (None, None) => ident.to_owned(),
    }
}

fn serde(attrs: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attrs.iter().filter(|attr| attr.path().is_ident("serde"))
}

/// Reads what it can; the rest of an attribute after something unknown is looked at too.
fn each(attr: &Attribute, mut read: impl FnMut(ParseNestedMeta<'_>) -> syn::Result<()>) {
    // A mistake in it is serde's to report.
    let _ = attr.parse_nested_meta(|meta| {
        let input = meta.input;
        read(meta)?;
        while !input.is_empty() && !input.peek(Token![,]) {
            input.parse::<proc_macro2::TokenTree>()?;
        }
        Ok(())
    });
}

/// `= "name"`, or `(serialize = "name", deserialize = "name")`.
fn renames<T>(meta: &ParseNestedMeta<'_>, of: impl Fn(LitStr) -> Option<T>, into: &mut Renames<T>) -> syn::Result<()> {
    if meta.input.peek(token::Paren) {
        let content;
        parenthesized!(content in meta.input);
        let inner = syn::meta::parser(|meta| {
            let name: LitStr = meta.value()?.parse()?;
            if meta.path.is_ident("serialize") {
                into.write = of(name);
            } else if meta.path.is_ident("deserialize") {
                into.read = of(name);
            }
            Ok(())
        });
        return syn::parse::Parser::parse2(inner, content.parse()?);
    }
    let name: LitStr = meta.value()?.parse()?;
    into.write = of(name.clone());
    into.read = of(name);
    Ok(())
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn names_follow_serde() {
        let all = |rule: &str| SerdeContainer::read(&[parse_quote!(#[serde(rename_all = #rule)])]);
        for (rule, expected) in [
            ("camelCase", "eventId"),
            ("PascalCase", "EventId"),
            ("kebab-case", "event-id"),
            ("SCREAMING_SNAKE_CASE", "EVENT_ID"),
            ("SCREAMING-KEBAB-CASE", "EVENT-ID"),
            ("snake_case", "event_id"),
            ("lowercase", "event_id"),
            ("UPPERCASE", "EVENT_ID"),
        ] {
            assert_eq!(SerdeField::default().written("event_id", &all(rule)).as_deref(), Some(expected), "{rule}");
        }
    }

    #[test]
    fn renames_and_aliases() {
        let attrs = [
            parse_quote!(#[serde(default = "x", rename(serialize = "a", deserialize = "b"))]),
            parse_quote!(#[serde(skip_serializing_if = "Option::is_none", alias = "c")]),
        ];
        let field = SerdeField::read(&attrs);
        assert_eq!(field.written("x", &SerdeContainer::default()).as_deref(), Some("a"));
        assert_eq!(field.read_as("x", &SerdeContainer::default()).as_deref(), Some("b"));
        assert_eq!(field.aliases.iter().map(LitStr::value).collect::<Vec<_>>(), ["c"]);
    }

    #[test]
    fn skipped_fields_have_no_names() {
        let field = SerdeField::read(&[parse_quote!(#[serde(skip)])]);
        assert_eq!(field.written("x", &SerdeContainer::default()), None);
        assert_eq!(field.read_as("x", &SerdeContainer::default()), None);
    }
}
