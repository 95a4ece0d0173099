//! The rules: which change is which.

use std::collections::BTreeMap;

use super::change::{Change, ChangeKind, Changes};
use super::document::{Contract, EventContract};
use crate::shape::Shape;

/// All that is different in `new`.
pub(super) fn compare(old: &Contract, new: &Contract) -> Changes {
    let mut changes = Vec::new();
    for was in &old.events {
        match now(was, new) {
            Some(is) => Comparison { was, is, changes: &mut changes }.event(),
            None => changes.push(removed(was, new)),
        }
    }
    for is in &new.events {
        let is_known = old.events.iter().any(|was| now(was, new).is_some_and(|known| std::ptr::eq(known, is)));
        if !is_known {
            changes.push(Change {
                kind: ChangeKind::EventAdded,
                event: is.to_string(),
                path: String::new(),
                at: is.at,
                before: None,
                after: Some(is.body.to_string()),
                fix: String::new(),
            });
        }
    }
    Changes::new(changes)
}

/// What an event is now: by its name, or by one that lists it as an alias.
fn now<'a>(was: &EventContract, new: &'a Contract) -> Option<&'a EventContract> {
    let of_version = || new.events.iter().filter(|is| is.version == was.version);
    of_version().find(|is| is.name == was.name).or_else(|| of_version().find(|is| is.aliases.contains(&was.name)))
}

fn removed(was: &EventContract, new: &Contract) -> Change {
    let of_name = new.events.iter().filter(|is| is.name == was.name || is.aliases.contains(&was.name));
    let newest = of_name.max_by_key(|is| is.version);
    let fix = match newest {
        Some(newest) => format!(
            "{newest} is there and cannot read it: keep the older struct, with `#[event(name = \"{}\", version = {})]`, and list it \
             in `upcast_from` of the newer one",
            was.name, was.version
        ),
        None => "put it back; if it was renamed, give the new name `alias = [\"..\"]` with the old one; if its crate is no longer \
                 linked, name it (`use orders as _;`)"
            .to_owned(),
    };
    Change {
        kind: ChangeKind::EventRemoved,
        event: was.to_string(),
        path: String::new(),
        at: newest.and_then(|newest| newest.at),
        before: Some(was.body.to_string()),
        after: newest.map(|newest| format!("{newest}, which reads {}", versions(&newest.reads_versions))),
        fix,
    }
}

fn versions(versions: &[u32]) -> String {
    if versions.is_empty() {
        return "no older version".to_owned();
    }
    versions.iter().map(|version| format!("v{version}")).collect::<Vec<_>>().join(", ")
}

/// One event, as it was and as it is.
struct Comparison<'a> {
    was: &'a EventContract,
    is: &'a EventContract,
    changes: &'a mut Vec<Change>,
}

const READERS_FIRST: &str = "deploy those that read it before those that publish it";

impl Comparison<'_> {
    fn note(&mut self, kind: ChangeKind, path: &str, before: Option<String>, after: Option<String>, fix: String) {
        let (event, at) = (self.was.to_string(), self.is.at);
        self.changes.push(Change { kind, event, path: path.to_owned(), at, before, after, fix });
    }

    fn note_shapes(&mut self, kind: ChangeKind, path: &str, was: &Shape, is: &Shape, fix: String) {
        self.note(kind, path, Some(was.to_string()), Some(is.to_string()), fix);
    }

    /// A new version, as the way out.
    fn version(&self) -> String {
        format!(
            "make it `version = {}`, keep the struct as it was as version {}, and list that in `upcast_from`",
            self.was.version.saturating_add(1),
            self.was.version
        )
    }

    fn event(mut self) {
        let (was, is) = (self.was, self.is);
        if was.name != is.name {
            self.note(ChangeKind::EventRenamed, &is.name, None, None, READERS_FIRST.to_owned());
        }
        if was.topic != is.topic {
            let shown = |topic: &Option<String>| topic.as_ref().map(|topic| format!("topic = \"{topic}\""));
            let fix = "put the topic back: nobody else is subscribed to the new one, and new messages would not be ordered with \
                       old ones. To move it, publish a new event there"
                .to_owned();
            self.note(ChangeKind::TopicChanged, "", shown(&was.topic), shown(&is.topic), fix);
        }
        if was.key != is.key {
            let shown =
                |key: &Option<String>| Some(key.as_ref().map_or("no key".to_owned(), |key| format!("key: {key}")));
            let fix = format!("put the key back: messages of both keys would not stay in order; or {}", self.version());
            self.note(ChangeKind::KeyChanged, "", shown(&was.key), shown(&is.key), fix);
        }
        if was.under != is.under {
            let shown = |under: &Option<String>| {
                Some(under.as_ref().map_or("beside the envelope's".to_owned(), |key| format!("under \"{key}\"")))
            };
            let fix = self.version();
            self.note(ChangeKind::LayoutChanged, "", shown(&was.under), shown(&is.under), fix);
        }
        self.lists();
        self.shapes("", &was.body, &is.body);
    }

    /// Aliases, versions and attributes.
    fn lists(&mut self) {
        let (was, is) = (self.was, self.is);
        let is_name = |alias: &String| is.aliases.contains(alias) || is.name == *alias;
        for alias in was.aliases.iter().filter(|alias| !is_name(alias)) {
            let fix = format!("put `alias = [\"{alias}\"]` back: messages of that name are no longer read");
            self.note(ChangeKind::AliasRemoved, alias, None, None, fix);
        }
        for alias in is.aliases.iter().filter(|alias| !was.aliases.contains(alias) && was.name != **alias) {
            self.note(ChangeKind::AliasAdded, alias, None, None, String::new());
        }
        for version in was.reads_versions.iter().filter(|version| !is.reads_versions.contains(version)) {
            let fix =
                format!("put v{version} back into `upcast_from`: its messages no longer reach subscribers of {is}");
            let shown = |all: &[u32]| Some(format!("reads {}", versions(all)));
            let (before, after) = (shown(&was.reads_versions), shown(&is.reads_versions));
            self.note(ChangeKind::UpcastRemoved, &format!("v{version}"), before, after, fix);
        }
        for version in is.reads_versions.iter().filter(|version| !was.reads_versions.contains(version)) {
            self.note(ChangeKind::UpcastAdded, &format!("v{version}"), None, None, String::new());
        }
        for attribute in was.attributes.iter().filter(|attribute| !is.attributes.contains(attribute)) {
            let fix = "mark the field `#[event(attribute)]` again: filters of others may ask for it".to_owned();
            self.note(ChangeKind::AttributeRemoved, attribute, None, None, fix);
        }
        for attribute in is.attributes.iter().filter(|attribute| !was.attributes.contains(attribute)) {
            self.note(ChangeKind::AttributeAdded, attribute, None, None, String::new());
        }
    }

    fn shapes(&mut self, path: &str, was: &Shape, is: &Shape) {
        match (was, is) {
            (Shape::Optional(was), Shape::Optional(is)) | (Shape::Default(was), Shape::Default(is)) => {
                self.shapes(path, was, is)
            }
            (Shape::Optional(old), Shape::Default(new)) => {
                let fix = format!(
                    "`#[serde(default)]` fills in what is absent, and messages with null are under way: leave it an `Option`, or {}",
                    self.version()
                );
                self.note_shapes(ChangeKind::NullRefused, path, was, is, fix);
                self.shapes(path, old, new);
            }
            (Shape::Default(old), Shape::Optional(new)) => {
                let fix = format!("older readers cannot read null: {READERS_FIRST}");
                self.note_shapes(ChangeKind::NullAllowed, path, was, is, fix);
                self.shapes(path, old, new);
            }
            (was, Shape::Optional(inner) | Shape::Default(inner)) => {
                let fix = format!("older readers need it: {READERS_FIRST}");
                self.note_shapes(ChangeKind::FieldMadeOptional, path, was, is, fix);
                self.shapes(path, was, inner);
            }
            (Shape::Optional(inner) | Shape::Default(inner), is) => {
                let fix = format!("messages without it are under way: leave it optional, or {}", self.version());
                self.note_shapes(ChangeKind::FieldMadeRequired, path, was, is, fix);
                self.shapes(path, inner, is);
            }
            (Shape::List(was), Shape::List(is)) => self.shapes(&format!("{path}[]"), was, is),
            (Shape::Map(was), Shape::Map(is)) => self.shapes(&format!("{path}{{}}"), was, is),
            (Shape::Keyed { keys: was_keys, values: was }, Shape::Keyed { keys, values }) => {
                self.shapes(&format!("{path}{{key}}"), was_keys, keys);
                self.shapes(&format!("{path}{{}}"), was, values);
            }
            (Shape::Map(was), Shape::Keyed { keys, values }) => {
                self.shapes(&format!("{path}{{key}}"), &Shape::leaf("string"), keys);
                self.shapes(&format!("{path}{{}}"), was, values);
            }
            (Shape::Keyed { keys, values: was }, Shape::Map(is)) => {
                self.shapes(&format!("{path}{{key}}"), keys, &Shape::leaf("string"));
                self.shapes(&format!("{path}{{}}"), was, is);
            }
            (Shape::Tuple(was), Shape::Tuple(is)) if was.len() == is.len() => {
                for (place, (was, is)) in was.iter().zip(is).enumerate() {
                    self.shapes(&within(path, &place.to_string()), was, is);
                }
            }
            (Shape::Struct(was), Shape::Struct(is) | Shape::Closed(is)) => self.fields(path, was, is, false),
            (Shape::Closed(was), Shape::Struct(is) | Shape::Closed(is)) => self.fields(path, was, is, true),
            (Shape::Enum(was), Shape::Enum(is)) | (Shape::Untagged(was), Shape::Untagged(is)) => {
                self.variants(path, was, is)
            }
            (Shape::Tagged { by: was_by, variants: was }, Shape::Tagged { by, variants }) if was_by == by => {
                self.variants(path, was, variants)
            }
            // The names of types are not on the wire.
            (Shape::Recursive(_), Shape::Recursive(_)) => {}
            (was, is) if was == is => {}
            (was, is) => {
                let fix = format!("messages of the old type are under way: change it back, or {}", self.version());
                self.note_shapes(ChangeKind::TypeChanged, path, was, is, fix);
            }
        }
    }

    /// The fields of a struct, whose older readers refuse what they do not know if it was closed.
    fn fields(&mut self, path: &str, was: &BTreeMap<String, Shape>, is: &BTreeMap<String, Shape>, was_closed: bool) {
        // What the old fields are read into now.
        let mut read_into: Vec<&str> = Vec::new();
        for (name, old) in was {
            let here = within(path, name);
            match (old, is.get(name)) {
                (Shape::Alias(_), Some(_)) => {}
                (Shape::Alias(of), None) => {
                    let fix = format!("put `#[serde(alias = \"{name}\")]` back on `{of}`: older messages have it");
                    self.note(ChangeKind::AliasRemoved, &here, None, None, fix);
                }
                (old, Some(Shape::Alias(of))) => {
                    read_into.push(of);
                    let fix = READERS_FIRST.to_owned();
                    self.note(ChangeKind::FieldRenamed, &here, Some(name.clone()), Some(of.clone()), fix);
                    if let Some(new) = is.get(of) {
                        self.shapes(&within(path, of), old, new);
                    }
                }
                (old, Some(new)) => self.shapes(&here, old, new),
                (old, None) => {
                    let fix = format!(
                        "put it back; if it was only renamed, keep its name on the wire with `#[serde(rename = \"{name}\")]`; or {}",
                        self.version()
                    );
                    let after = Some("no such field".to_owned());
                    self.note(ChangeKind::FieldRemoved, &here, Some(format!("{name}: {old}")), after, fix);
                }
            }
        }
        for (name, new) in is.iter().filter(|(name, _)| !was.contains_key(*name)) {
            let here = within(path, name);
            let after = Some(format!("{name}: {new}"));
            match new {
                Shape::Alias(_) => self.note(ChangeKind::AliasAdded, &here, None, after, String::new()),
                _ if read_into.contains(&name.as_str()) => {}
                Shape::Optional(_) | Shape::Default(_) if was_closed => {
                    let fix = format!("older readers refuse it, by `#[serde(deny_unknown_fields)]`: {READERS_FIRST}");
                    self.note(ChangeKind::FieldAddedForNewReaders, &here, None, after, fix);
                }
                Shape::Optional(_) | Shape::Default(_) => {
                    self.note(ChangeKind::OptionalFieldAdded, &here, None, after, String::new())
                }
                // Any other keys.
                _ if name.starts_with('*') => {
                    self.note(ChangeKind::OptionalFieldAdded, &here, None, after, String::new())
                }
                _ => {
                    let fix = format!(
                        "messages without it are under way: make it an `Option` or give it `#[serde(default)]`, or {}",
                        self.version()
                    );
                    let before = Some("no such field".to_owned());
                    self.note(ChangeKind::RequiredFieldAdded, &here, before, after, fix);
                }
            }
        }
    }

    fn variants(&mut self, path: &str, was: &BTreeMap<String, Shape>, is: &BTreeMap<String, Shape>) {
        let shown = |variants: &BTreeMap<String, Shape>| Some(Shape::Enum(variants.clone()).to_string());
        for (name, old) in was {
            let here = format!("{path}{}{name}", if path.is_empty() { "" } else { "::" });
            match is.get(name) {
                Some(new) => self.shapes(&here, old, new),
                None => {
                    let fix = format!("messages with it are under way: put it back, or {}", self.version());
                    self.note(ChangeKind::VariantRemoved, &here, shown(was), shown(is), fix);
                }
            }
        }
        for name in is.keys().filter(|name| !was.contains_key(*name)) {
            let here = format!("{path}{}{name}", if path.is_empty() { "" } else { "::" });
            let fix = format!("older readers do not know it: {READERS_FIRST}");
            self.note(ChangeKind::VariantAdded, &here, None, None, fix);
        }
    }
}

fn within(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
