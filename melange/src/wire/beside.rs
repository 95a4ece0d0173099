//! Reads an event under `data`, and the envelope next to it, in one pass.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::header::DATA;
use super::text::Text;
use super::walk::{Key, Walk};

/// The event under `data`; of the envelope, `walk` is told.
pub(crate) fn event_beside<'de, E, D>(from: D, walk: &mut Walk<'_>) -> Result<E, D::Error>
where
    E: Deserialize<'de>,
    D: Deserializer<'de>,
{
    from.deserialize_map(Beside { walk, event: PhantomData })
}

struct Beside<'m, 'w, E> {
    walk: &'m mut Walk<'w>,
    event: PhantomData<E>,
}

impl<'de, E: Deserialize<'de>> Visitor<'de> for Beside<'_, '_, E> {
    type Value = E;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<E, A::Error> {
        let mut event = None;
        while let Some(Text(name)) = map.next_key::<Text<'de>>()? {
            let Some(key) = Key::of(&name) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if !self.walk.see(key) {
                return Err(A::Error::custom("a key that came before"));
            }
            if key == Key::Data {
                event = Some(map.next_value()?);
            } else if key.is_reserved() {
                self.walk.take(key, &mut map)?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        event.ok_or_else(|| A::Error::missing_field(DATA))
    }
}
