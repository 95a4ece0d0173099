//! What `#[serde(..)]` says of the names in the JSON. Only read: what is wrong there, serde reports.

use syn::meta::ParseNestedMeta;
use syn::{Attribute, LitStr, Token, parenthesized, token};

/// `#[serde(..)]` on a type.
#[derive(Default)]
pub(crate) struct SerdeContainer {
    rename_all: Renames<Rule>,
    /// Not written as its own fields: `transparent`, `into`, `from`, `try_from`, `remote`.
    pub(crate) other_shape: bool,
    pub(crate) deny_unknown_fields: Option<Attribute>,
    pub(crate) tag: Option<LitStr>,
}

/// `#[serde(..)]` on a field.
#[derive(Default)]
pub(crate) struct SerdeField {
    rename: Renames<LitStr>,
    aliases: Vec<LitStr>,
    skip_writing: bool,
    skip_reading: bool,
    pub(crate) flatten: bool,
}

/// One value for writing, one for reading.
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
                if is("rename_all") {
                    renames(&meta, |to| Rule::named(&to.value()), &mut read.rename_all)?;
                } else if is("transparent") || is("into") || is("from") || is("try_from") || is("remote") {
                    read.other_shape = true;
                } else if is("deny_unknown_fields") {
                    read.deny_unknown_fields = Some(attr.clone());
                } else if is("tag") {
                    read.tag = Some(meta.value()?.parse()?);
                }
                Ok(())
            });
        }
        read
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
                }
                Ok(())
            });
        }
        read
    }

    /// The name in the JSON that is written, if the field is.
    pub(crate) fn written(&self, ident: &str, container: &SerdeContainer) -> Option<String> {
        (!self.skip_writing && !self.flatten)
            .then(|| name(ident, self.rename.write.as_ref(), container.rename_all.write))
    }

    /// Every name in the JSON that is read, if the field is.
    pub(crate) fn accepted(&self, ident: &str, container: &SerdeContainer) -> Vec<String> {
        if self.skip_reading || self.flatten {
            return Vec::new();
        }
        let own = name(ident, self.rename.read.as_ref(), container.rename_all.read);
        std::iter::once(own).chain(self.aliases.iter().map(LitStr::value)).collect()
    }
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

/// A rule of `rename_all`, as far as it changes the names of fields.
#[derive(Clone, Copy)]
enum Rule {
    Upper,
    Pascal,
    Camel,
    Kebab,
    UpperKebab,
}

impl Rule {
    fn named(name: &str) -> Option<Self> {
        match name {
            "UPPERCASE" | "SCREAMING_SNAKE_CASE" => Some(Self::Upper),
            "PascalCase" => Some(Self::Pascal),
            "camelCase" => Some(Self::Camel),
            "kebab-case" => Some(Self::Kebab),
            "SCREAMING-KEBAB-CASE" => Some(Self::UpperKebab),
            // `lowercase` and `snake_case` leave fields as they are.
            _ => None,
        }
    }

    fn apply(self, ident: &str) -> String {
        match self {
            Self::Upper => ident.to_ascii_uppercase(),
            Self::Kebab => ident.replace('_', "-"),
            Self::UpperKebab => ident.to_ascii_uppercase().replace('_', "-"),
            Self::Pascal => pascal(ident),
            Self::Camel => {
                let pascal = pascal(ident);
                let mut letters = pascal.chars();
                letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
            }
        }
    }
}

fn pascal(ident: &str) -> String {
    let mut up = true;
    let mut name = String::new();
    for letter in ident.chars() {
        match letter {
            '_' => up = true,
            _ if up => {
                name.push(letter.to_ascii_uppercase());
                up = false;
            }
            _ => name.push(letter),
        }
    }
    name
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
        assert_eq!(field.accepted("x", &SerdeContainer::default()), ["b", "c"]);
    }

    #[test]
    fn skipped_fields_have_no_names() {
        let field = SerdeField::read(&[parse_quote!(#[serde(skip)])]);
        assert_eq!(field.written("x", &SerdeContainer::default()), None);
        assert!(field.accepted("x", &SerdeContainer::default()).is_empty());
    }
}
