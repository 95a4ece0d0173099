//! Every way through a type, until all of it is known.

mod buffered;

use std::collections::BTreeMap;

use super::run::{Act, Choices, Failed, Known, Run, Seen, Step, Type};
use super::samples::{NUMBERS, TEXTS};
use super::walk::Walker;
use super::{Shape, Traced};
use crate::dispatch::contained;
use crate::event::EventDescriptor;
use crate::field::{Field, Tagging, Variant};

/// Longest way that is followed. Longer ones only a type has that contains itself under ever other names.
const LONGEST: usize = 24;
/// A field that there is nowhere.
const NO_FIELD: &str = "melange: no such field";
/// Tries to give a struct what it wants.
const TRIES: usize = 400;

/// What an event looks like on the wire; nothing for a local one.
pub(crate) fn of_event(event: &EventDescriptor) -> Option<Shape> {
    let shape = Explorer::new(event.codec()?.traced()).explore();
    let declared = event.fields();
    Some(match shape {
        // An object with any keys: some are known, by the source.
        _ if declared.iter().any(Field::is_flattened) => Shape::Struct(flattened(event)),
        _ if event.tagging() != Tagging::Outside => by_tagging(event),
        Shape::Struct(fields) if !declared.is_empty() => Shape::Struct(by_source(fields, declared)),
        Shape::Leaf(_) if !event.variants().is_empty() => Shape::Enum(variants(event.variants())),
        shape => shape,
    })
}

/// With what the source says of fields that are written and not read, and of what may be absent.
fn by_source(mut fields: BTreeMap<String, Shape>, declared: &[Field]) -> BTreeMap<String, Shape> {
    for field in declared {
        let shape = fields.entry(field.name().to_owned()).or_insert_with(|| as_written(field));
        // Serde could not be asked, as no sample was right for a field before it.
        if !field.is_required() {
            *shape = shape.clone().or_absent();
        }
    }
    fields
}

fn as_written(field: &Field) -> Shape {
    if let Some(traced) = field.traced() {
        let shape = Explorer::new(traced).explore();
        return if field.is_required() { shape } else { shape.or_absent() };
    }
    let written = field.type_name();
    let shape = Shape::leaf(format!("`{written}`"));
    let is_option = written.split('<').next().is_some_and(|of| of.trim_end().ends_with("Option"));
    match field.is_required() {
        true => shape,
        false if is_option => Shape::Optional(Box::new(shape)),
        false => shape.or_absent(),
    }
}

/// An enum that serde reads by way of anything.
fn by_tagging(event: &EventDescriptor) -> Shape {
    let variants = variants(event.variants());
    match event.tagging() {
        Tagging::Outside => Shape::Enum(variants),
        Tagging::Inside(by) => Shape::Tagged { by: by.to_owned(), variants },
        Tagging::Untagged => Shape::Untagged(variants),
    }
}

fn variants(variants: &[Variant]) -> BTreeMap<String, Shape> {
    let fields = |variant: &Variant| match variant.fields() {
        [] => Shape::leaf("unit"),
        [field] if field.name() == "0" => as_written(field),
        fields => Shape::Struct(fields.iter().map(|field| (field.name().to_owned(), as_written(field))).collect()),
    };
    variants.iter().map(|variant| (variant.name().to_owned(), fields(variant))).collect()
}

/// The fields of a struct that takes any keys, because some of its fields are flattened.
fn flattened(event: &EventDescriptor) -> BTreeMap<String, Shape> {
    let mut fields = BTreeMap::new();
    for field in event.fields() {
        if !field.is_flattened() {
            let traced = event.codec().map(|codec| Explorer::new(codec.traced()));
            let shape = traced.map_or_else(|| as_written(field), |mut explorer| explorer.field(field.name()));
            let shape = if field.is_required() { shape } else { shape.or_absent() };
            fields.insert(field.name().to_owned(), shape);
            continue;
        }
        let (inner, optional) = match field.traced().map(|traced| Explorer::new(traced).explore()) {
            Some(Shape::Optional(inner)) => (Some(*inner), true),
            other => (other, !field.is_required()),
        };
        match inner {
            Some(Shape::Struct(inner) | Shape::Closed(inner)) => {
                for (name, shape) in inner {
                    let shape = match shape {
                        Shape::Optional(_) | Shape::Default(_) | Shape::Alias(_) => shape,
                        shape if optional => Shape::Optional(Box::new(shape)),
                        shape => shape,
                    };
                    fields.insert(name, shape);
                }
            }
            Some(Shape::Map(inner)) => {
                fields.insert("*".to_owned(), *inner);
            }
            Some(other) => {
                fields.insert(format!("* {}", field.name()), other);
            }
            None => {
                fields.insert(format!("* {}", field.name()), as_written(field));
            }
        }
    }
    fields
}

pub(super) struct Explorer {
    traced: Traced,
    way: Vec<Step>,
    /// The structs and enums around.
    around: Vec<Type>,
    known: Known,
}

/// How what was given was taken.
struct Outcome {
    seen: Option<Seen>,
    taken: Option<Result<(), Failed>>,
    choices: Choices,
}

impl Explorer {
    pub(super) fn new(traced: Traced) -> Self {
        Self { traced, way: Vec::new(), around: Vec::new(), known: Known::default() }
    }

    /// What it has found out.
    pub(super) fn into_known(self) -> Known {
        self.known
    }

    fn run(&mut self, act: Act, choices: Choices) -> Outcome {
        let whole = self.way.is_empty() && matches!(act, Act::Give(_) | Act::Count(_) | Act::Try(_));
        let run = Run::new(&self.way, act, std::mem::take(&mut self.known), choices);
        // It is the event's own code that runs. What it panics at is no value.
        let result = contained(|| (self.traced.0)(Walker::new(&run))).unwrap_or(Err(Failed::Other));
        let (seen, taken, choices, known) = run.end();
        self.known = known;
        Outcome { seen, taken: if whole { Some(result) } else { taken }, choices }
    }

    fn field(&mut self, name: &str) -> Shape {
        self.within(Step::Field(name.to_owned()))
    }

    fn within(&mut self, step: Step) -> Shape {
        self.way.push(step);
        let shape = self.explore();
        self.way.pop();
        shape
    }

    pub(super) fn explore(&mut self) -> Shape {
        if self.way.len() > LONGEST {
            return Shape::leaf("deeper");
        }
        match self.look() {
            None => Shape::leaf("unknown"),
            Some(Seen::Leaf("any")) => self.anything(),
            Some(Seen::Leaf(name)) => Shape::leaf(name),
            Some(Seen::Number(name)) => self.number(name),
            Some(Seen::Text) => self.text(),
            Some(Seen::Option) => match self.within(Step::Inside) {
                inner @ Shape::Optional(_) => inner,
                inner => Shape::Optional(Box::new(inner)),
            },
            Some(Seen::List) => Shape::List(Box::new(self.within(Step::Item))),
            // With flattened fields a struct is one, too, and may hold itself.
            Some(Seen::Map(full)) => {
                self.in_type(Type { full, name: short(full), parts: &[] }, |explorer| explorer.map())
            }
            Some(Seen::Tuple(len)) => Shape::Tuple((0..len).map(|place| self.within(Step::Place(place))).collect()),
            Some(Seen::Struct(this)) => self.in_type(this, |explorer| {
                let fields = explorer.fields(this);
                if explorer.is_closed() { Shape::Closed(fields) } else { Shape::Struct(fields) }
            }),
            Some(Seen::Enum(this)) => self.in_type(this, |explorer| {
                let variant =
                    |variant: &&str| ((*variant).to_owned(), explorer.within(Step::Variant((*variant).to_owned())));
                Shape::Enum(this.parts.iter().map(variant).collect())
            }),
        }
    }

    /// What is wanted here. What stands before it may have to be given first, and then be right.
    fn look(&mut self) -> Option<Seen> {
        let mut choices = Choices::default();
        for _ in 0..TRIES {
            let outcome = self.run(Act::Look, choices);
            choices = outcome.choices;
            if outcome.seen.is_some() || !choices.advance() {
                return outcome.seen;
            }
        }
        None
    }

    fn in_type(&mut self, this: Type, explore: impl FnOnce(&mut Self) -> Shape) -> Shape {
        // What a variant holds has no name.
        if !this.name.is_empty() && self.around.contains(&this) {
            return Shape::Recursive(this.name.to_owned());
        }
        self.around.push(this);
        let shape = explore(self);
        self.around.pop();
        shape
    }

    /// A text, and which ones are taken.
    fn text(&mut self) -> Shape {
        let text = text_of(|text| self.is_taken(&Act::Give(text)));
        Shape::leaf(text.unwrap_or_else(|| "string (of its own form)".to_owned()))
    }

    /// A number, and which ones are refused.
    fn number(&mut self, name: &'static str) -> Shape {
        let asked = if name.starts_with('u') { NUMBERS.get(..3).unwrap_or(NUMBERS) } else { NUMBERS };
        let refused = asked.iter().filter(|(_, number)| !self.is_taken(&Act::Count(*number)));
        let refused: Vec<&str> = refused.map(|(what, _)| *what).collect();
        match refused.len() {
            0 => Shape::leaf(name),
            all if all == asked.len() => Shape::leaf(format!("{name} (of its own form)")),
            _ => Shape::leaf(format!("{name} (not {})", refused.join(", "))),
        }
    }

    fn is_taken(&mut self, act: &Act) -> bool {
        let mut choices = Choices::default();
        for _ in 0..TRIES {
            let outcome = self.run(act.clone(), choices);
            choices = outcome.choices;
            match outcome.taken {
                Some(result) => return result.is_ok(),
                None if choices.advance() => {}
                None => return false,
            }
        }
        false
    }

    fn fields(&mut self, this: Type) -> BTreeMap<String, Shape> {
        let mut fields: BTreeMap<String, Shape> =
            this.parts.iter().map(|name| ((*name).to_owned(), self.field(name))).collect();
        let aliases: Vec<(String, &'static str)> = this
            .parts
            .iter()
            .filter_map(|name| self.read_into(name).filter(|into| into != name).map(|into| ((*name).to_owned(), into)))
            .collect();
        for (alias, of) in aliases {
            fields.insert(alias, Shape::Alias(of.to_owned()));
        }
        let (required, all_known) = self.needs(&fields);
        for (name, shape) in &mut fields {
            if all_known && !required.contains(name) {
                *shape = shape.clone().or_absent();
            }
        }
        let names = fields.iter().filter(|(_, shape)| !matches!(shape, Shape::Alias(_))).map(|(name, _)| name.clone());
        self.known.all.insert(this, names.collect());
        self.known.required.insert(this, required);
        self.beside_its_tag(&mut fields);
        fields
    }

    /// Whether a field that nobody knows is refused here.
    fn is_closed(&mut self) -> bool {
        let mut choices = Choices::default();
        for _ in 0..TRIES {
            let outcome = self.run(Act::Fill(vec![NO_FIELD.to_owned()]), choices);
            choices = outcome.choices;
            match outcome.taken {
                Some(result) => return result == Err(Failed::Refused),
                None if choices.advance() => {}
                None => return false,
            }
        }
        false
    }

    /// The field that is read under this name: serde says so of one that comes twice.
    fn read_into(&mut self, name: &str) -> Option<&'static str> {
        let mut choices = Choices::default();
        for _ in 0..TRIES {
            let outcome = self.run(Act::Fill(vec![name.to_owned(), name.to_owned()]), choices);
            choices = outcome.choices;
            match outcome.taken {
                Some(Err(Failed::Duplicate(of))) => return Some(of),
                Some(Ok(()) | Err(Failed::Missing(_))) => return None,
                _ if choices.advance() => {}
                _ => return None,
            }
        }
        None
    }

    /// The fields that must be there, and whether these are all: a struct asks for one after the other, and for the next
    /// only when it has the one before.
    fn needs(&mut self, fields: &BTreeMap<String, Shape>) -> (Vec<String>, bool) {
        let mut given: Vec<String> = Vec::new();
        let mut choices = Choices::default();
        for _ in 0..TRIES {
            let outcome = self.run(Act::Fill(given.clone()), choices);
            choices = outcome.choices;
            match outcome.taken {
                Some(Ok(())) => return (given, true),
                Some(Err(Failed::Missing(name))) if fields.contains_key(name) && !given.iter().any(|g| g == name) => {
                    given.push(name.to_owned());
                    choices.rewind();
                }
                _ if choices.advance() => {}
                _ => break,
            }
        }
        // What was not asked for is taken to be needed.
        let rest = fields
            .iter()
            .filter(|(name, shape)| !given.contains(name) && !matches!(shape, Shape::Optional(_) | Shape::Alias(_)));
        let rest: Vec<String> = rest.map(|(name, _)| name.clone()).collect();
        given.extend(rest);
        (given, false)
    }
}

/// The last word of a type's path.
fn short(full: &'static str) -> &'static str {
    let path = full.split('<').next().unwrap_or(full);
    path.rsplit("::").next().unwrap_or(path)
}

/// What takes a text, by the texts it takes; nothing for what takes none.
fn text_of(mut takes: impl FnMut(&'static str) -> bool) -> Option<String> {
    let mut taken = Vec::new();
    for (what, text) in TEXTS {
        if takes(text) {
            if *what == "any" {
                return Some("string".to_owned());
            }
            taken.push(*what);
        }
    }
    (!taken.is_empty()).then(|| format!("string ({})", taken.join(" or ")))
}

#[cfg(test)]
mod tests;
