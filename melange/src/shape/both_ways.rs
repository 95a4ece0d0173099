//! Whether a type reads what it writes: it is given samples of all that it takes, and what it then writes is read again, and is to
//! be written as before.

use std::collections::BTreeMap;

use super::Shape;
use super::explore::Explorer;
#[cfg(any(debug_assertions, feature = "contract"))]
use super::lost::lost;
use super::run::{Act, Choices, Failed, Run};
use super::walk::Walker;
use crate::dispatch::contained;
use crate::event::EventDescriptor;
use crate::field::Tagging;

/// Tries to make a value.
const TRIES: usize = 1_000;
/// Values that are made at most, each of other variants.
const MOST_TURNS: usize = 64;

/// Reads a value, writes it and reads it again; says why it could not, or nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BothWays(fn(Walker<'_>) -> Result<Option<String>, Failed>);

impl BothWays {
    #[allow(clippy::extra_unused_type_parameters, reason = "used where it is traced")]
    pub(crate) const fn of<T: serde::Serialize + serde::de::DeserializeOwned>() -> Self {
        #[cfg(any(debug_assertions, feature = "contract"))]
        return Self(there_and_back::<T>);
        #[cfg(not(any(debug_assertions, feature = "contract")))]
        Self(|_| Err(Failed::Other))
    }
}

#[cfg(any(debug_assertions, feature = "contract"))]
fn there_and_back<T: serde::Serialize + serde::de::DeserializeOwned>(
    walker: Walker<'_>,
) -> Result<Option<String>, Failed> {
    let value = T::deserialize(walker)?;
    // What cannot be written is not published.
    let Ok(text) = serde_json::to_string(&value) else { return Ok(None) };
    let again = || serde_json::from_str::<T>(&text).and_then(|value| serde_json::to_string(&value));
    Ok(match (again(), again()) {
        (Ok(again), Ok(once_more)) => lost(&text, &again, &once_more).map(|place| {
            format!("the value of `{place}` is lost: it is written under a name that is not read, and another one is filled in")
        }),
        (Err(error), _) | (_, Err(error)) => Some(error.to_string()),
    })
}

/// Why an event cannot be read as it is written: what serde says of samples. Nothing, as far as any could be made.
pub(crate) fn one_way(event: &EventDescriptor) -> Option<String> {
    let codec = event.codec()?;
    if let Some(why) = buffered(event) {
        return Some(why);
    }
    let mut explorer = Explorer::new(codec.traced());
    explorer.explore();
    let mut known = explorer.into_known();
    // A default may be what the one sample is, and then not the other.
    for others in [false, true] {
        let (mut turn, mut turns) = (0, 1);
        while turn < turns.min(MOST_TURNS) {
            let mut choices = Choices::default();
            for _ in 0..TRIES {
                let run = Run::new(&[], Act::Look, known, choices).full(turn, others);
                // It is the event's own code that runs.
                let made = contained(|| (codec.both_ways().0)(Walker::aside_of(&run)));
                turns = turns.max(run.turns());
                let (.., next, was_known) = run.end();
                (choices, known) = (next, was_known);
                match made.unwrap_or(Err(Failed::Other)) {
                    Ok(None) => break,
                    // Where it is in a text that nobody sees, is not said.
                    Ok(Some(why)) => return Some(why.split(" at line ").next().unwrap_or_default().to_owned()),
                    Err(_) if choices.advance() => {}
                    Err(_) => break,
                }
            }
            turn += 1;
        }
    }
    None
}

/// What serde reads by way of a buffer has texts for keys, and nothing makes numbers of them again. No sample shows that, as none
/// can be made.
fn buffered(event: &EventDescriptor) -> Option<String> {
    let variants = event.variants().iter().filter(|_| event.tagging() != Tagging::Outside);
    let within = variants.flat_map(|variant| variant.fields());
    let flattened = event.fields().iter().filter(|field| field.is_flattened());
    flattened.chain(within).find_map(|field| {
        let keys = keys_that_are_no_texts(&Explorer::new(field.traced()?).explore())?;
        Some(format!(
            "in `{}`, the keys of a map are of the type {keys}, and serde reads only texts as keys in what is flattened, untagged or \
             has its tag inside; take `String` for them",
            field.name()
        ))
    })
}

fn keys_that_are_no_texts(shape: &Shape) -> Option<String> {
    let within = |shapes: &BTreeMap<String, Shape>| shapes.values().find_map(keys_that_are_no_texts);
    match shape {
        Shape::Keyed { keys, values } => match &**keys {
            Shape::Leaf(name) if is_no_text(name) => Some(name.clone()),
            _ => keys_that_are_no_texts(values),
        },
        Shape::Optional(inner) | Shape::Default(inner) | Shape::List(inner) | Shape::Map(inner) => {
            keys_that_are_no_texts(inner)
        }
        Shape::Tuple(places) => places.iter().find_map(keys_that_are_no_texts),
        Shape::Struct(shapes) | Shape::Closed(shapes) | Shape::Enum(shapes) | Shape::Untagged(shapes) => within(shapes),
        Shape::Tagged { variants, .. } => within(variants),
        Shape::Alias(_) | Shape::Recursive(_) | Shape::Leaf(_) => None,
    }
}

fn is_no_text(leaf: &str) -> bool {
    let leaf = leaf.split(' ').next().unwrap_or(leaf);
    let is_number = leaf.strip_prefix(['u', 'i', 'f']).is_some_and(|bits| bits.parse::<u8>().is_ok());
    is_number || leaf == "bool"
}
