//! JSON Schema of events as they are on the wire.

mod choice;
mod envelope;
mod event;
mod found;
mod own_types;
pub(super) mod reference;

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use crate::Format;
use crate::event::EventDescriptor;

pub use found::{Generate, SchemaOf, WithoutSchema};

/// Which side of a message a schema describes: serde may write other fields than it requires when reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Side {
    /// What this program writes.
    #[default]
    Written,
    /// What this program reads: a field with `#[serde(default)]` may be missing.
    Read,
}

impl Side {
    pub(super) fn of(self, settings: SchemaSettings) -> SchemaSettings {
        match self {
            Self::Written => settings.for_serialize(),
            Self::Read => settings.for_deserialize(),
        }
    }
}

/// The schema of a message's body, JSON Schema 2020-12 with its definitions; `None` for a local event, which has no
/// body.
pub(super) fn whole(event: &EventDescriptor, format: Format, side: Side) -> Option<Value> {
    let mut generator = side.of(SchemaSettings::draft2020_12()).into_generator();
    let mut schema = of_message(event, format, &mut generator)?;
    let meta = generator.settings().meta_schema.as_deref().map(str::to_owned);
    schema.insert("$schema".to_owned(), meta.map_or(Value::Null, Value::from));
    let definitions = generator.take_definitions(true);
    if !definitions.is_empty() {
        schema.insert("$defs".to_owned(), Value::Object(definitions));
    }
    Some(Value::Object(schema))
}

/// The schema of a message's body; its definitions stay with the generator.
pub(super) fn of_message(
    event: &EventDescriptor,
    format: Format,
    generator: &mut SchemaGenerator,
) -> Option<Map<String, Value>> {
    let codec = event.codec()?;
    let own = event::schema(event, generator);
    let mut schema: schemars::Schema = envelope::around(own, event, codec.layout(), format, generator).into();
    for transform in generator.transforms_mut() {
        transform.transform(&mut schema);
    }
    Some(event::object(schema.to_value()))
}
