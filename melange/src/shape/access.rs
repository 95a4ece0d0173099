//! The insides of lists, objects and enums.

use serde::de::value::{MapAccessDeserializer, SeqDeserializer, StrDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::run::{Act, Failed, Given, Seen};
use super::walk::{Place, Walker};

impl<'a> Walker<'a> {
    /// Reads what is one step further. What is made of a text after it was taken counts, too.
    pub(super) fn seeing<T>(self, read: impl FnOnce(Self) -> Result<T, Failed>) -> Result<T, Failed> {
        let next = self.further();
        let result = read(next);
        if next.is_end() && matches!(self.run.act, Act::Give(_) | Act::Count(_) | Act::Try(_)) {
            self.run.note_taken(&result);
        }
        result
    }
}

/// The name of a field or a variant.
fn name(text: &str) -> StrDeserializer<'_, Failed> {
    text.into_deserializer()
}

/// A list of samples, the last of which may be where the way goes on.
pub(super) struct List<'a> {
    walker: Walker<'a>,
    samples: usize,
    goes_on: bool,
}

impl<'a> List<'a> {
    /// The way goes on behind so many samples.
    pub(super) fn on_the_way(walker: Walker<'a>, samples: usize) -> Self {
        Self { walker, samples, goes_on: true }
    }

    pub(super) fn of_samples(walker: Walker<'a>, samples: usize) -> Self {
        Self { walker, samples, goes_on: false }
    }
}

impl<'de> SeqAccess<'de> for List<'_> {
    type Error = Failed;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Failed> {
        if self.samples > 0 {
            self.samples -= 1;
            return seed.deserialize(self.walker.aside()).map(Some);
        }
        if !std::mem::take(&mut self.goes_on) {
            return Ok(None);
        }
        self.walker.seeing(|next| seed.deserialize(next)).map(Some)
    }
}

/// An object of these entries, or one into which the way goes on.
pub(super) struct Entries<'a> {
    walker: Walker<'a>,
    /// The next one last; a key that is none is any.
    entries: Vec<(Option<String>, Given)>,
    goes_on: Option<Into>,
}

/// Where in an object the way goes on.
#[derive(Clone, Copy, PartialEq)]
enum Into {
    Key,
    Value,
}

impl<'a> Entries<'a> {
    /// The way goes on under this key, or any.
    pub(super) fn on_the_way(walker: Walker<'a>, key: Option<&str>) -> Self {
        Self { walker, entries: vec![(key.map(str::to_owned), Given::Sample)], goes_on: Some(Into::Value) }
    }

    /// The way goes on in a key.
    pub(super) fn into_the_key(walker: Walker<'a>) -> Self {
        Self { walker, entries: vec![(None, Given::Sample)], goes_on: Some(Into::Key) }
    }

    /// One sample, under a sample.
    pub(super) fn of_any_key(walker: Walker<'a>) -> Self {
        Self { walker, entries: vec![(None, Given::Sample)], goes_on: None }
    }

    pub(super) fn of_samples(walker: Walker<'a>, keys: Vec<String>) -> Self {
        let entries = keys.into_iter().rev().map(|key| (Some(key), Given::Sample)).collect();
        Self { walker, entries, goes_on: None }
    }

    pub(super) fn of(walker: Walker<'a>, object: &[(String, Given)]) -> Self {
        let entries = object.iter().rev().map(|(key, given)| (Some(key.clone()), given.clone())).collect();
        Self { walker, entries, goes_on: None }
    }
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Failed;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Failed> {
        match self.entries.last() {
            None => Ok(None),
            Some((Some(key), _)) => seed.deserialize(name(key)).map(Some),
            Some((None, _)) if self.goes_on == Some(Into::Key) => {
                self.walker.seeing(|next| seed.deserialize(next)).map(Some)
            }
            Some((None, _)) => seed.deserialize(self.walker.aside()).map(Some),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Failed> {
        let given = self.entries.pop().map_or(Given::Sample, |(_, given)| given);
        if self.goes_on == Some(Into::Value) {
            return self.walker.seeing(|next| seed.deserialize(next));
        }
        match given {
            Given::Sample => seed.deserialize(self.walker.aside()),
            Given::Null => seed.deserialize(().into_deserializer()),
            Given::Bool => seed.deserialize(true.into_deserializer()),
            Given::Number(number) => seed.deserialize(number.into_deserializer()),
            Given::Fraction(number) => seed.deserialize(number.into_deserializer()),
            Given::Text(text) => seed.deserialize(name(text)),
            Given::List => seed.deserialize(SeqDeserializer::new(std::iter::empty::<u8>())),
            Given::Object(object) => seed.deserialize(MapAccessDeserializer::new(Entries::of(self.walker, &object))),
        }
    }
}

/// An enum of this variant, on the way or not.
pub(super) struct OneOf<'a> {
    pub(super) walker: Walker<'a>,
    pub(super) variant: &'a str,
}

impl<'de> EnumAccess<'de> for OneOf<'_> {
    type Error = Failed;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Failed> {
        Ok((seed.deserialize(name(self.variant))?, self))
    }
}

impl<'de> VariantAccess<'de> for OneOf<'_> {
    type Error = Failed;

    fn unit_variant(self) -> Result<(), Failed> {
        match self.walker.place {
            Place::Off(_) => Ok(()),
            Place::On(_) => {
                if self.walker.further().is_end() {
                    self.walker.run.note_seen(Seen::Leaf("unit"));
                }
                Err(Failed::Other)
            }
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Failed> {
        self.walker.seeing(|next| seed.deserialize(next))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Failed> {
        self.walker.further().deserialize_tuple(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Failed> {
        self.walker.further().deserialize_struct("", fields, visitor)
    }
}
