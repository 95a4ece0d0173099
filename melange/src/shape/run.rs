//! One way through a type, what is done at its end, and what became of it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;

use serde::de;

/// One step into a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Into what is optional.
    Inside,
    /// Into the first item of a list.
    Item,
    /// Into this place of a tuple.
    Place(usize),
    /// Into a key of a map.
    Key,
    /// Into a value of a map.
    Value,
    Field(String),
    Variant(String),
}

/// What is wanted at the end of the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    Leaf(&'static str),
    Number(&'static str),
    Text,
    Option,
    List,
    Tuple(usize),
    Map(&'static str),
    Struct(Type),
    Enum(Type),
}

/// What is done at the end of the way.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// Nothing: what is wanted is all there is to know.
    Look,
    /// This text is given.
    Give(&'static str),
    /// This number is given.
    Count(Number),
    /// Samples are given under these keys.
    Fill(Vec<String>),
    /// These are given, and what becomes of all of it is noted.
    Try(Object),
}

/// A number of whatever type is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    Zero,
    One,
    /// One less than zero: only of types that have it.
    Below,
    Least,
    Most,
}

/// What is given under a key.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Given {
    /// Whatever is wanted.
    Sample,
    Null,
    Bool,
    Number(i64),
    Fraction(f64),
    Text(&'static str),
    List,
    Object(Object),
}

/// Why a value was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failed {
    Missing(&'static str),
    Duplicate(&'static str),
    /// A variant that there is not, of these.
    Unknown(&'static [&'static str]),
    /// A field that is not known, and not let through.
    Refused,
    Other,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this deserializer only asks what is wanted")
    }
}

impl std::error::Error for Failed {}

impl de::Error for Failed {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::Other
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field)
    }

    fn unknown_variant(_: &str, variants: &'static [&'static str]) -> Self {
        Self::Unknown(variants)
    }

    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self::Refused
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::Duplicate(field)
    }
}

/// What is given under its keys.
pub(super) type Object = Vec<(String, Given)>;

/// A struct or an enum. Its name for serde says nothing of the types in it, as `Page` of `Page<Order>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Type {
    /// As Rust calls it, with its generics.
    pub(super) full: &'static str,
    /// As serde calls it; what a variant holds has no name.
    pub(super) name: &'static str,
    /// The names of its fields or variants.
    pub(super) parts: &'static [&'static str],
}

/// What is known of a type so far: for samples of what is off the way.
#[derive(Default)]
pub(super) struct Known {
    /// The fields that structs need.
    pub(super) required: HashMap<Type, Vec<String>>,
    /// All that they have, each under one name.
    pub(super) all: HashMap<Type, Vec<String>>,
    /// What was taken where serde does not show what is wanted.
    pub(super) objects: Vec<Object>,
}

/// One way through a type, and what became of it.
pub(super) struct Run {
    pub(super) way: Vec<Step>,
    pub(super) act: Act,
    known: Known,
    /// Samples hold all that there is room for, and variants in turn: those that begin here.
    full: Option<usize>,
    /// Samples are other ones than usual.
    others: bool,
    noted: RefCell<Noted>,
}

#[derive(Default)]
struct Noted {
    seen: Option<Seen>,
    /// How what was done at the end was taken.
    taken: Option<Result<(), Failed>>,
    choices: Choices,
    /// Most ways that there were to choose in turn.
    turns: usize,
}

/// Decisions in the order in which they were made, each with how many ways there were.
#[derive(Debug, Clone, Default)]
pub(super) struct Choices {
    made: Vec<(usize, usize)>,
    next: usize,
}

impl Choices {
    /// Others than these: the last one that can be is made otherwise. `false` if there are none.
    pub(super) fn advance(&mut self) -> bool {
        self.made.truncate(self.next);
        self.next = 0;
        while let Some((choice, of)) = self.made.pop() {
            if choice + 1 < of {
                self.made.push((choice + 1, of));
                return true;
            }
        }
        false
    }

    pub(super) fn rewind(&mut self) {
        self.next = 0;
    }

    fn choose(&mut self, of: usize) -> usize {
        let at = self.next;
        self.next += 1;
        match self.made.get(at) {
            Some((choice, known)) if *known == of => *choice,
            _ => {
                self.made.truncate(at);
                self.made.push((0, of));
                0
            }
        }
    }
}

impl Run {
    pub(super) fn new(way: &[Step], act: Act, known: Known, choices: Choices) -> Self {
        let noted = RefCell::new(Noted { choices, ..Noted::default() });
        Self { way: way.to_vec(), act, known, full: None, others: false, noted }
    }

    /// With full samples, with variants from this one on, or with others than usual.
    pub(super) fn full(self, turn: usize, others: bool) -> Self {
        Self { full: Some(turn), others, ..self }
    }

    /// One of two samples.
    pub(super) fn sample<T>(&self, usual: T, other: T) -> T {
        if self.others { other } else { usual }
    }

    pub(super) fn is_full(&self) -> bool {
        self.full.is_some()
    }

    /// What was wanted, how what was given was taken, the choices made, and what was known before.
    pub(super) fn end(self) -> (Option<Seen>, Option<Result<(), Failed>>, Choices, Known) {
        let Noted { seen, taken, choices, .. } = self.noted.into_inner();
        (seen, taken, choices, self.known)
    }

    /// What was taken where serde does not show what is wanted.
    pub(super) fn objects(&self) -> &[Object] {
        &self.known.objects
    }

    pub(super) fn choose(&self, of: usize) -> usize {
        self.noted.borrow_mut().choices.choose(of)
    }

    /// One of several, another one in each turn.
    pub(super) fn choose_in_turn(&self, of: usize) -> usize {
        let choice = self.choose(of);
        self.turned(choice, of)
    }

    fn turned(&self, choice: usize, of: usize) -> usize {
        let mut noted = self.noted.borrow_mut();
        noted.turns = noted.turns.max(of);
        choice.saturating_add(self.full.unwrap_or_default()).checked_rem(of).unwrap_or_default()
    }

    /// How many turns there are until all was chosen.
    pub(super) fn turns(&self) -> usize {
        self.noted.borrow().turns
    }

    /// Another one of what was taken somewhere, in each turn.
    pub(super) fn in_turn(&self, known: usize) -> usize {
        self.turned(known, self.known.objects.len())
    }

    /// The fields to give to a struct: all, while nothing is known of it.
    pub(super) fn fields_of(&self, this: Type) -> Vec<String> {
        let known = if self.is_full() { &self.known.all } else { &self.known.required };
        let all = || this.parts.iter().map(|field| (*field).to_owned()).collect();
        known.get(&this).cloned().unwrap_or_else(all)
    }

    pub(super) fn note_seen(&self, seen: Seen) {
        self.noted.borrow_mut().seen = Some(seen);
    }

    pub(super) fn note_taken<T>(&self, result: &Result<T, Failed>) {
        self.noted.borrow_mut().taken = Some(result.as_ref().map(drop).map_err(|failed| *failed));
    }
}
