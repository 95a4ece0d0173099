//! JSON that is looked at only to see that it is of the kind that SNS writes: not deep, and no key twice.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::refuse;

/// # Errors
/// If `json` is deeper than `depth`, or a key stands twice in an object.
pub(super) fn check(json: &str, depth: usize) -> Result<(), serde_json::Error> {
    let mut from = serde_json::Deserializer::from_str(json);
    Shallow(depth).deserialize(&mut from)?;
    from.end()
}

/// So many levels more.
#[derive(Clone, Copy)]
pub(super) struct Shallow(pub(super) usize);

impl Shallow {
    fn inner<E: serde::de::Error>(self) -> Result<Self, E> {
        match self.0.checked_sub(1) {
            Some(left) => Ok(Self(left)),
            None => Err(refuse("it is deeper than any letter of SNS")),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Shallow {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Shallow {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        while list.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        let mut seen = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            map.next_value_seed(inner)?;
            if !seen.insert(key) {
                return Err(refuse("a key stands in it twice"));
            }
        }
        Ok(())
    }
}
