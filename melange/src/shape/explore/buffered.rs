//! What serde reads into a buffer first, so that its way into a type does not show what is wanted: enums with their tag inside,
//! and structs with flattened fields. They are given objects, and their complaints say what was missing.

use std::collections::BTreeMap;

use super::super::Shape;
use super::super::run::{Act, Choices, Failed, Given, Object, Step};
use super::{Explorer, TRIES, text_of};

/// A variant that there is nowhere.
const NO_VARIANT: &str = "melange: no such variant";

/// Numbers that are too large for those with fewer bits than these.
const NUMBERS: [(i64, u8); 4] = [(1, 8), (300, 16), (70_000, 32), (5_000_000_000, 64)];

impl Explorer {
    /// What may be anything, if it is no enum with its tag inside: that one asks for its tag, and says which ones there are.
    pub(super) fn anything(&mut self) -> Shape {
        let Some(Err(Failed::Missing(by))) = self.answer(&[]) else { return Shape::leaf("any") };
        let Some(Err(Failed::Unknown(names))) = self.answer(&[(by.to_owned(), Given::Text(NO_VARIANT))]) else {
            return Shape::leaf("any");
        };
        let variants = names.iter().map(|name| ((*name).to_owned(), self.tagged(by, name))).collect();
        Shape::Tagged { by: by.to_owned(), variants }
    }

    /// What an enum holds beside its tag, which serde reads into a buffer while it does not know the tag.
    pub(super) fn beside_its_tag(&mut self, fields: &mut BTreeMap<String, Shape>) {
        let any = Shape::leaf("any");
        let is_tag = |shape: &Shape| matches!(shape, Shape::Enum(names) if names.values().all(|held| *held == Shape::leaf("unit")));
        let by = fields.iter().find(|(_, shape)| is_tag(shape)).map(|(name, _)| name.clone());
        let content = fields.iter().find(|(_, shape)| **shape == any || **shape == any.clone().or_absent());
        let (Some(by), Some(content), 2) = (by, content.map(|(name, _)| name.clone()), fields.len()) else { return };
        let Some(Err(Failed::Unknown(names))) = self.answer(&[(by.clone(), Given::Text(NO_VARIANT))]) else { return };
        let held: BTreeMap<String, Shape> = names
            .iter()
            .map(|name| {
                let held = match self.tagged(&by, name) {
                    Shape::Struct(mut fields) | Shape::Closed(mut fields) => {
                        fields.remove(&content).unwrap_or_else(|| Shape::leaf("unit"))
                    }
                    other => other,
                };
                ((*name).to_owned(), held)
            })
            .collect();
        // A struct that has an enum and anything.
        if held.values().any(|held| *held != any) {
            fields.insert(content, Shape::Enum(held));
        }
    }

    /// What a variant holds, as far as it has to.
    fn tagged(&mut self, by: &str, variant: &'static str) -> Shape {
        let tag = vec![(by.to_owned(), Given::Text(variant))];
        let wanted = self.wants(&tag).into_iter();
        let fields = wanted.map(|(name, within)| {
            let shape = if within.is_empty() { self.kind(&tag, name, &Choices::default()) } else { object(&within) };
            (name.to_owned(), shape)
        });
        let fields = fields.collect();
        let nobody = [tag, vec![(super::NO_FIELD.to_owned(), Given::Null)]].concat();
        if self.answer(&nobody) == Some(Err(Failed::Refused)) { Shape::Closed(fields) } else { Shape::Struct(fields) }
    }

    /// An object with any keys; one with flattened fields has some that it wants.
    pub(super) fn map(&mut self) -> Shape {
        let wanted = self.wants(&[]);
        if !wanted.is_empty() {
            return Shape::Struct(self.beside_each_other(&wanted));
        }
        let keys = self.within(Step::Key);
        let values = Box::new(self.within(Step::Value));
        if keys == Shape::leaf("string") || keys == Shape::leaf("unknown") {
            Shape::Map(values)
        } else {
            Shape::Keyed { keys: Box::new(keys), values }
        }
    }

    /// The fields of a struct some of which are flattened. Serde reads those into a buffer, and asks for them when it has all
    /// the others.
    fn beside_each_other(&mut self, wanted: &[(&'static str, Vec<&'static str>)]) -> BTreeMap<String, Shape> {
        let mut fields: BTreeMap<String, Shape> =
            wanted.iter().map(|(name, _)| ((*name).to_owned(), self.field(name))).collect();
        let is_buffered = |name: &str| fields.get(name) == Some(&Shape::leaf("any"));
        let (buffered, plain): (Vec<_>, Vec<_>) = wanted.iter().partition(|(name, _)| is_buffered(name));
        let plain: Object = plain.iter().map(|(name, _)| ((*name).to_owned(), Given::Sample)).collect();
        let Some(choices) = self.content(&plain) else { return fields };
        for (name, within) in buffered {
            let shape = if within.is_empty() { self.kind(&plain, name, &choices) } else { object(within) };
            fields.insert((*name).to_owned(), shape);
        }
        fields
    }

    /// Choices by which the samples in `plain` are taken, and what is missing is another field.
    fn content(&mut self, plain: &[(String, Given)]) -> Option<Choices> {
        let mut choices = Choices::default();
        for _ in 0..TRIES {
            let outcome = self.run(Act::Try(plain.to_vec()), choices);
            choices = outcome.choices;
            match outcome.taken {
                Some(Err(Failed::Missing(name))) if !plain.iter().any(|(key, _)| key == name) => {
                    choices.rewind();
                    return Some(choices);
                }
                _ if choices.advance() => {}
                _ => return None,
            }
        }
        None
    }

    /// What becomes of an object.
    fn answer(&mut self, object: &[(String, Given)]) -> Option<Result<(), Failed>> {
        self.run(Act::Try(object.to_vec()), Choices::default()).taken
    }

    /// The fields that must be there besides those of `given`, each with those that it wants itself.
    fn wants(&mut self, given: &[(String, Given)]) -> Vec<(&'static str, Vec<&'static str>)> {
        let mut wanted: Vec<(&'static str, Vec<&'static str>)> = Vec::new();
        let mut object: Object = given.to_vec();
        let mut choices = Choices::default();
        for _ in 0..TRIES {
            let outcome = self.run(Act::Try(object.clone()), choices);
            choices = outcome.choices;
            match outcome.taken {
                Some(Ok(())) => {
                    // Also good as a sample of its type, where it is beside the way.
                    if !object.is_empty() {
                        self.known.objects.push(object);
                    }
                    break;
                }
                Some(Err(Failed::Missing(name))) => {
                    let is_new = !object.iter().any(|(key, _)| key == name);
                    if is_new && self.is_content_with(&object, name, &choices) {
                        object.push((name.to_owned(), Given::Sample));
                        wanted.push((name, Vec::new()));
                        choices.rewind();
                    } else if let (Some((_, given)), Some((_, within))) = (object.last_mut(), wanted.last_mut())
                        && !within.contains(&name)
                    {
                        // It is missing in the field that came last.
                        within.push(name);
                        *given = Given::Object(within.iter().map(|name| ((*name).to_owned(), Given::Sample)).collect());
                        choices = Choices::default();
                    } else if !choices.advance() {
                        break;
                    }
                }
                Some(Err(Failed::Unknown(names))) => match (object.last_mut(), names.first()) {
                    (Some((_, given @ Given::Sample)), Some(first)) => {
                        *given = Given::Text(first);
                        choices = Choices::default();
                    }
                    _ if choices.advance() => {}
                    _ => break,
                },
                _ if choices.advance() => {}
                _ => break,
            }
        }
        wanted
    }

    /// Whether `name` is no longer missed once it is there.
    fn is_content_with(&mut self, object: &[(String, Given)], name: &'static str, choices: &Choices) -> bool {
        let mut object = object.to_vec();
        object.push((name.to_owned(), Given::Sample));
        let mut choices = choices.clone();
        choices.rewind();
        let taken = self.run(Act::Try(object), choices).taken;
        !matches!(taken, Some(Err(Failed::Missing(still))) if still == name)
    }

    /// What a field takes, beside what stands before it.
    fn kind(&mut self, before: &[(String, Given)], name: &str, choices: &Choices) -> Shape {
        let mut answer = |given| {
            let mut object = before.to_vec();
            object.push((name.to_owned(), given));
            self.run(Act::Try(object), choices.clone()).taken
        };
        if let Some(Err(Failed::Unknown(variants))) = answer(Given::Text(NO_VARIANT)) {
            let variants: BTreeMap<_, _> =
                variants.iter().map(|name| ((*name).to_owned(), Shape::leaf("any"))).collect();
            return Shape::Enum(variants);
        }
        // A value is looked at before what else is missing.
        let mut takes = |given| matches!(answer(given), Some(Ok(()) | Err(Failed::Missing(_))));
        let mut kinds = Vec::new();
        for (given, kind) in
            [(Given::Null, "null"), (Given::Bool, "bool"), (Given::List, "list"), (Given::Object(Vec::new()), "object")]
        {
            if takes(given) {
                kinds.push(kind.to_owned());
            }
        }
        if takes(Given::Fraction(1.5)) {
            kinds.push("float".to_owned());
        } else if let Some((_, bits)) = NUMBERS.iter().rev().find(|(number, _)| takes(Given::Number(*number))) {
            kinds.push(format!("{}{bits}", if takes(Given::Number(-1)) { "i" } else { "u" }));
        }
        kinds.extend(text_of(|text| takes(Given::Text(text))));
        match kinds.len() {
            0 => Shape::leaf("unknown"),
            6 => Shape::leaf("any"),
            _ => Shape::leaf(kinds.join(" or ")),
        }
    }
}

/// An object with these fields.
fn object(fields: &[&str]) -> Shape {
    Shape::Struct(fields.iter().map(|name| ((*name).to_owned(), Shape::leaf("any"))).collect())
}
