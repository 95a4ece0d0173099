//! A deserializer that follows one way through a type, and notes what is wanted at its end. What is off the way, and has to
//! be there all the same, is given samples.
//!
//! It is one type for both, since all of this is compiled for each event.

use std::any::type_name;

use serde::de::{Deserializer, Visitor};

use super::access::{Entries, List, OneOf};
use super::run::{Act, Failed, Number, Run, Seen, Step, Type};
use super::samples::TEXTS;

/// Deeper than that only a type goes that contains itself.
const DEEPEST: usize = 32;

/// Full samples are so deep: what may be left out below is.
const FULL: usize = 8;

/// What may be anything is one of so many samples.
const ANYTHINGS: usize = 6;

/// Where a value stands.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// So many steps along the way.
    On(usize),
    /// Off the way, so deep.
    Off(usize),
}

/// Follows the way, or gives samples.
#[derive(Clone, Copy)]
pub(super) struct Walker<'a> {
    pub(super) run: &'a Run,
    pub(super) place: Place,
}

/// What is to be done with a value.
enum Todo<'a> {
    /// The way leads into it.
    Into(&'a Step),
    /// The way ends here.
    Arrive,
    /// It is given a sample.
    Sample,
}

impl<'a> Walker<'a> {
    pub(super) fn new(run: &'a Run) -> Self {
        Self { run, place: Place::On(0) }
    }

    /// Off the way from the beginning.
    pub(super) fn aside_of(run: &'a Run) -> Self {
        Self { run, place: Place::Off(0) }
    }

    /// Whether a sample is to hold here what it might do without.
    fn is_full(self) -> bool {
        self.run.is_full() && matches!(self.place, Place::Off(depth) if depth < FULL)
    }

    /// What is off the way, next to this.
    pub(super) fn aside(self) -> Self {
        let depth = match self.place {
            Place::On(_) => 0,
            Place::Off(depth) => depth + 1,
        };
        Self { place: Place::Off(depth), ..self }
    }

    /// One step further on the way, or one deeper.
    pub(super) fn further(self) -> Self {
        match self.place {
            Place::On(at) => Self { place: Place::On(at + 1), ..self },
            Place::Off(_) => self.aside(),
        }
    }

    /// Whether the way ends here.
    pub(super) fn is_end(self) -> bool {
        matches!(self.place, Place::On(at) if at >= self.run.way.len())
    }

    fn todo(self) -> Result<Todo<'a>, Failed> {
        match self.place {
            Place::On(at) => Ok(self.run.way.get(at).map_or(Todo::Arrive, Todo::Into)),
            Place::Off(depth) if depth > DEEPEST => Err(Failed::Other),
            Place::Off(_) => Ok(Todo::Sample),
        }
    }

    /// At the end of the way.
    fn arrive<'de, V: Visitor<'de>>(self, seen: Seen, visitor: V) -> Result<V::Value, Failed> {
        self.run.note_seen(seen);
        match &self.run.act {
            Act::Look | Act::Count(_) => Err(Failed::Other),
            Act::Give(text) => visitor.visit_str(text),
            Act::Fill(keys) => {
                let result = visitor.visit_map(Entries::of_samples(self, keys.clone()));
                self.run.note_taken(&result);
                result
            }
            Act::Try(object) => {
                let result = visitor.visit_map(Entries::of(self, object));
                self.run.note_taken(&result);
                result
            }
        }
    }

    /// One that was taken somewhere.
    fn object(self, at: usize) -> Entries<'a> {
        Entries::of(self, self.run.objects().get(at).map_or(&[], Vec::as_slice))
    }

    fn text(self) -> &'static str {
        TEXTS.get(self.run.choose(TEXTS.len())).map_or("", |(_, text)| text)
    }
}

macro_rules! leaves {
    ($($method:ident $what:literal |$visitor:ident, $run:ident| $given:expr;)*) => {$(
        fn $method<V: Visitor<'de>>(self, $visitor: V) -> Result<V::Value, Failed> {
            match self.todo()? {
                Todo::Into(_) => Err(Failed::Other),
                Todo::Arrive => self.arrive(Seen::Leaf($what), $visitor),
                Todo::Sample => {
                    let $run = self.run;
                    $given
                }
            }
        }
    )*};
}

macro_rules! numbers {
    ($($method:ident $visit:ident $number:ident $what:literal;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
            match (self.todo()?, &self.run.act) {
                (Todo::Into(_), _) => Err(Failed::Other),
                (Todo::Arrive, Act::Count(number)) => visitor.$visit(match number {
                    Number::Zero => 0 as $number,
                    Number::One => 1 as $number,
                    Number::Below => -1_i8 as $number,
                    Number::Least => $number::MIN,
                    Number::Most => $number::MAX,
                }),
                (Todo::Arrive, _) => self.arrive(Seen::Number($what), visitor),
                (Todo::Sample, _) => visitor.$visit(self.run.sample(1 as $number, 2 as $number)),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Walker<'_> {
    type Error = Failed;

    leaves! {
        deserialize_bool "bool" |visitor, run| visitor.visit_bool(run.sample(true, false));
        deserialize_char "char" |visitor, run| visitor.visit_char(run.sample('a', 'b'));
        deserialize_bytes "bytes" |visitor, _run| visitor.visit_bytes(&[]);
        deserialize_byte_buf "bytes" |visitor, _run| visitor.visit_byte_buf(Vec::new());
        deserialize_unit "null" |visitor, _run| visitor.visit_unit();
        deserialize_ignored_any "any" |visitor, _run| visitor.visit_unit();
    }

    numbers! {
        deserialize_i8 visit_i8 i8 "i8";
        deserialize_i16 visit_i16 i16 "i16";
        deserialize_i32 visit_i32 i32 "i32";
        deserialize_i64 visit_i64 i64 "i64";
        deserialize_i128 visit_i128 i128 "i128";
        deserialize_u8 visit_u8 u8 "u8";
        deserialize_u16 visit_u16 u16 "u16";
        deserialize_u32 visit_u32 u32 "u32";
        deserialize_u64 visit_u64 u64 "u64";
        deserialize_u128 visit_u128 u128 "u128";
        deserialize_f32 visit_f32 f32 "f32";
        deserialize_f64 visit_f64 f64 "f64";
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        match self.todo()? {
            Todo::Into(_) => Err(Failed::Other),
            Todo::Arrive => self.arrive(Seen::Leaf("any"), visitor),
            Todo::Sample => match self.run.choose(ANYTHINGS + self.run.objects().len()) {
                0 => visitor.visit_unit(),
                1 => visitor.visit_str(self.text()),
                2 => visitor.visit_u64(1),
                3 => visitor.visit_bool(true),
                4 => visitor.visit_map(Entries::of_samples(self, Vec::new())),
                5 => visitor.visit_seq(List::of_samples(self, 0)),
                known => visitor.visit_map(self.object(self.run.in_turn(known - ANYTHINGS))),
            },
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        match self.todo()? {
            Todo::Into(_) => Err(Failed::Other),
            Todo::Arrive => self.arrive(Seen::Text, visitor),
            Todo::Sample => visitor.visit_str(self.text()),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        self.deserialize_str(visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Failed> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        match self.todo()? {
            Todo::Into(Step::Inside) => self.seeing(|next| visitor.visit_some(next)),
            Todo::Into(_) => Err(Failed::Other),
            Todo::Arrive => self.arrive(Seen::Option, visitor),
            // What an `Option` holds may be what no sample is right for.
            Todo::Sample if self.is_full() && self.run.choose(2) == 0 => visitor.visit_some(self.aside()),
            Todo::Sample => visitor.visit_none(),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Failed> {
        match self.place {
            // The way leads through it without a step.
            Place::On(_) => visitor.visit_newtype_struct(self),
            Place::Off(_) => {
                self.todo()?;
                visitor.visit_newtype_struct(self.aside())
            }
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        match self.todo()? {
            Todo::Into(Step::Item) => visitor.visit_seq(List::on_the_way(self, 0)),
            Todo::Into(_) => Err(Failed::Other),
            Todo::Arrive => self.arrive(Seen::List, visitor),
            // Some lists may not be empty.
            Todo::Sample => {
                let choice = self.run.choose(2);
                visitor.visit_seq(List::of_samples(self, if self.is_full() { 1 - choice } else { choice }))
            }
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Failed> {
        match self.todo()? {
            Todo::Into(Step::Place(place)) => visitor.visit_seq(List::on_the_way(self, *place)),
            Todo::Into(_) => Err(Failed::Other),
            Todo::Arrive => self.arrive(Seen::Tuple(len), visitor),
            Todo::Sample => visitor.visit_seq(List::of_samples(self, len)),
        }
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Failed> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failed> {
        match self.todo()? {
            Todo::Into(Step::Key) => visitor.visit_map(Entries::into_the_key(self)),
            Todo::Into(Step::Value) => visitor.visit_map(Entries::on_the_way(self, None)),
            // Fields among others that are known only when they come.
            Todo::Into(Step::Field(key)) => visitor.visit_map(Entries::on_the_way(self, Some(key))),
            Todo::Into(_) => Err(Failed::Other),
            Todo::Arrive => self.arrive(Seen::Map(type_name::<V::Value>()), visitor),
            Todo::Sample if self.is_full() && self.run.choose(2) == 0 => visitor.visit_map(Entries::of_any_key(self)),
            Todo::Sample => match self.run.choose(1 + self.run.objects().len()) {
                0 => visitor.visit_map(Entries::of_samples(self, Vec::new())),
                known => visitor.visit_map(self.object(known - 1)),
            },
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failed> {
        let this = Type { full: type_name::<V::Value>(), name, parts: fields };
        match self.todo()? {
            Todo::Into(Step::Field(key)) => visitor.visit_map(Entries::on_the_way(self, Some(key))),
            Todo::Into(_) => Err(Failed::Other),
            Todo::Arrive => self.arrive(Seen::Struct(this), visitor),
            Todo::Sample => visitor.visit_map(Entries::of_samples(self, self.run.fields_of(this))),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failed> {
        let this = Type { full: type_name::<V::Value>(), name, parts: variants };
        let variant = match self.todo()? {
            Todo::Into(Step::Variant(variant)) => variant.as_str(),
            Todo::Into(_) => return Err(Failed::Other),
            Todo::Arrive => return self.arrive(Seen::Enum(this), visitor),
            Todo::Sample => variants.get(self.run.choose_in_turn(variants.len())).ok_or(Failed::Other)?,
        };
        visitor.visit_enum(OneOf { walker: self, variant })
    }
}
