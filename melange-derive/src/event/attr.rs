//! What `#[event(..)]` says, on the type and on its fields.

use syn::{Attribute, Ident, LitInt, LitStr, Meta, Path};

use crate::krate::Krate;
use crate::names;
use crate::options::{Opt, Options, Value};
use crate::problems::Problems;

const ON_TYPE: [&str; 7] = ["topic", "name", "version", "alias", "upcast_from", "local", "crate"];
const ON_FIELD: [&str; 5] = ["key", "dedup_id", "attribute", "topic", "occurred_on"];

/// `#[event(..)]` on a struct or an enum.
#[derive(Default)]
pub(crate) struct ContainerAttrs {
    pub(crate) krate: Krate,
    pub(crate) topic: Option<LitStr>,
    /// Whether `topic` was written at all, right or wrong.
    pub(crate) has_topic: bool,
    pub(crate) name: Option<LitStr>,
    pub(crate) version: Option<LitInt>,
    pub(crate) aliases: Vec<LitStr>,
    pub(crate) upcasts: Vec<Path>,
    pub(crate) local: Option<Ident>,
}

impl ContainerAttrs {
    pub(crate) fn read(attrs: &[Attribute], problems: &mut Problems) -> Self {
        let mut read = Self::default();
        let mut options = list(attrs, problems);
        options.options.retain(|option| {
            let misplaced = !ON_TYPE.contains(&text(option).as_str()) && ON_FIELD.contains(&text(option).as_str());
            if misplaced {
                problems.at(option, format!("`{0}` marks a field: write `#[event({0})]` on one", option.key));
            }
            !misplaced
        });
        for option in options.keep_known(&ON_TYPE, problems) {
            read.take(&option, problems);
        }
        read
    }

    fn take(&mut self, option: &Opt, problems: &mut Problems) {
        match text(option).as_str() {
            "topic" => {
                self.has_topic = true;
                self.topic = legal(option.string("orders", problems), names::topic_problem, problems);
            }
            "name" => self.name = legal(option.string("OrderPlaced", problems), names::event_name_problem, problems),
            "version" => self.version = option.number::<u32>(2, problems),
            "alias" => {
                let aliases = option.items::<LitStr>("names: `alias = [\"OldName\"]`", problems);
                let legal = |alias| legal(Some(alias), names::event_name_problem, problems);
                self.aliases = aliases.into_iter().filter_map(legal).collect();
            }
            "upcast_from" => {
                self.upcasts = option.items("the older versions' types: `upcast_from = [OrderPlacedV1]`", problems);
            }
            "local" if option.flag(problems) => self.local = Some(option.key.clone()),
            "crate" => {
                self.krate = option.path("some::path::to::melange", problems).map(Krate::at).unwrap_or_default();
            }
            _ => {}
        }
    }
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
        let mut options = list(attrs, problems);
        options.options.retain(|option| {
            let misplaced = !ON_FIELD.contains(&text(option).as_str()) && ON_TYPE.contains(&text(option).as_str());
            if misplaced {
                problems.at(option, format!("`{0}` belongs on the type: write `#[event({0} ..)]` there", option.key));
            }
            !misplaced
        });
        for option in options.keep_known(&ON_FIELD, problems) {
            read.take(&option, problems);
        }
        read
    }

    fn take(&mut self, option: &Opt, problems: &mut Problems) {
        let at = Some(option.key.clone());
        match text(option).as_str() {
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
            _ => Some(legal(option.string("country", problems), names::attribute_problem, problems)?),
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

fn list(attrs: &[Attribute], problems: &mut Problems) -> Options {
    let mut all = Options::default();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("event")) {
        match &attr.meta {
            Meta::List(list) => {
                let options = Options::parse(list.tokens.clone(), problems);
                all.options.extend(options.options);
                all.paths.extend(options.paths);
            }
            other => problems.at(other, "write `#[event(..)]`, with options in the parentheses"),
        }
    }
    all
}

fn text(option: &Opt) -> String {
    option.key.to_string()
}

fn legal(text: Option<LitStr>, problem: fn(&str) -> Option<String>, problems: &mut Problems) -> Option<LitStr> {
    let text = text?;
    match problem(&text.value()) {
        Some(message) => {
            problems.at(&text, message);
            None
        }
        None => Some(text),
    }
}
