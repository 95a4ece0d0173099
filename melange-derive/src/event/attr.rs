//! What `#[event(..)]` says, on the type and on its fields.

use proc_macro2::{Literal, TokenStream};
use syn::{Attribute, Ident, LitStr, Meta, Path};

use crate::krate::Krate;
use crate::names;
use crate::option::{Opt, Value, checked};
use crate::options::{Known, Options};
use crate::problems::Problems;

const ON_TYPE: Known = Known {
    words: &["topic", "name", "version", "alias", "upcast_from", "deprecated", "example", "local", "crate"],
    expressions: &["example"],
    example: "topic = \"orders\"",
    elsewhere: |word| {
        let on_field = ON_FIELD.words.contains(&word);
        on_field.then(|| format!("`{word}` marks a field: write `#[event({word})]` on one"))
    },
};

const ON_FIELD: Known = Known {
    words: &["key", "dedup_id", "attribute", "topic", "occurred_on"],
    expressions: &[],
    example: "key",
    elsewhere: |word| {
        let on_type = ON_TYPE.words.contains(&word);
        on_type.then(|| format!("`{word}` belongs on the type: write `#[event({word} ..)]` there"))
    },
};

/// `#[event(..)]` on a struct or an enum.
#[derive(Default)]
pub(crate) struct ContainerAttrs {
    pub(crate) krate: Krate,
    pub(crate) topic: Option<LitStr>,
    /// Whether `topic` was written at all, right or wrong.
    pub(crate) has_topic: bool,
    pub(crate) name: Option<LitStr>,
    pub(crate) version: Option<Literal>,
    pub(crate) aliases: Vec<LitStr>,
    pub(crate) upcasts: Vec<Path>,
    pub(crate) deprecated: Option<Deprecated>,
    /// Expressions of the type.
    pub(crate) examples: Vec<TokenStream>,
    pub(crate) local: Option<Ident>,
}

/// `deprecated`, or `deprecated = "what to do instead"`.
pub(crate) struct Deprecated(pub(crate) Option<LitStr>);

impl ContainerAttrs {
    pub(crate) fn read(attrs: &[Attribute], problems: &mut Problems) -> Self {
        let mut read = Self::default();
        for option in list(attrs, &ON_TYPE, problems).into_known(problems) {
            read.take(&option, problems);
        }
        read
    }

    fn take(&mut self, option: &Opt, problems: &mut Problems) {
        let text = |(text, ())| text;
        match option.key.to_string().as_str() {
            "topic" => {
                self.has_topic = true;
                self.topic = option.text("orders", names::topic, problems).map(text);
            }
            "name" => self.name = option.text("OrderPlaced", names::event, problems).map(text),
            "version" => self.version = option.number(2, problems),
            "alias" => {
                let aliases = option.texts("names: `alias = [\"OldName\"]`", problems);
                let legal = |alias: &LitStr| checked(alias, names::event, problems).is_some();
                self.aliases = aliases.into_iter().filter(legal).collect();
            }
            "upcast_from" => {
                self.upcasts = option.paths("the older versions' types: `upcast_from = [OrderPlacedV1]`", problems);
            }
            "deprecated" => {
                let instead = match option.value {
                    Value::None => None,
                    _ => option.text("publish OrderPlacedV2", said, problems).map(text),
                };
                self.deprecated = Some(Deprecated(instead));
            }
            "example" => self.examples.extend(option.expression("OrderPlaced { .. }", problems)),
            "local" if option.flag(problems) => self.local = Some(option.key.clone()),
            "crate" => {
                self.krate = option.path("some::path::to::melange", problems).map(Krate::at).unwrap_or_default();
            }
            _ => {}
        }
    }
}

/// What to do instead, in words.
fn said(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err(
            "say what to do instead, as in `deprecated = \"publish OrderPlacedV2\"`, or write `deprecated` alone"
                .to_owned(),
        );
    }
    Ok(())
}

/// `#[event(..)]` on a field.
#[derive(Default)]
pub(crate) struct FieldAttrs {
    pub(crate) key: Option<Ident>,
    pub(crate) dedup_id: Option<Ident>,
    pub(crate) attribute: Option<AttributeMark>,
    pub(crate) topic: Option<Ident>,
    pub(crate) occurred_on: Option<Ident>,
}

/// `attribute`, or `attribute = "name"`.
pub(crate) struct AttributeMark {
    pub(crate) at: Ident,
    pub(crate) name: Option<LitStr>,
}

impl FieldAttrs {
    pub(crate) fn read(attrs: &[Attribute], problems: &mut Problems) -> Self {
        let mut read = Self::default();
        for option in list(attrs, &ON_FIELD, problems).into_known(problems) {
            read.take(&option, problems);
        }
        read
    }

    fn take(&mut self, option: &Opt, problems: &mut Problems) {
        let at = Some(option.key.clone());
        match option.key.to_string().as_str() {
            "attribute" => self.attribute = AttributeMark::read(option, problems),
            "topic" if matches!(option.value, Value::Lit(_)) => problems.at(
                option,
                "on a field `topic` takes no value: the field's own value is the topic. The type says `topic = \"...\"`",
            ),
            "key" if option.flag(problems) => self.key = at,
            "dedup_id" if option.flag(problems) => self.dedup_id = at,
            "topic" if option.flag(problems) => self.topic = at,
            "occurred_on" if option.flag(problems) => self.occurred_on = at,
            _ => {}
        }
    }
}

impl AttributeMark {
    fn read(option: &Opt, problems: &mut Problems) -> Option<Self> {
        let name = match option.value {
            Value::None => None,
            _ => Some(option.text("country", names::attribute, problems)?.0),
        };
        Some(Self { at: option.key.clone(), name })
    }
}

/// Notes every `#[event(..)]` on something that takes none.
pub(crate) fn refuse(attrs: &[Attribute], message: &str, problems: &mut Problems) {
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("event")) {
        problems.at(attr, message);
    }
}

/// The options of every `#[event(..)]` among these.
fn list(attrs: &[Attribute], known: &'static Known, problems: &mut Problems) -> Options {
    let mut all = Options::none(known);
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("event")) {
        match &attr.meta {
            Meta::List(list) => all.extend(list.tokens.clone(), problems),
            other => {
                problems.at(other, format!("write `#[event({})]`, with options in the parentheses", known.example))
            }
        }
    }
    all
}
