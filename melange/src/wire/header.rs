//! The envelope's own keys.

/// The format in which bodies are written. When reading, every format is recognised automatically.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Format {
    /// The event's fields beside `event_type_name`, `event_id`, `event_version`, `occurred_on` and `topic`: read by
    /// every Python melange, and by people.
    #[default]
    Melange,
    /// [CloudEvents 1.0](https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md) in JSON,
    /// the event under `data`; `source` is `/melange/` and the topic.
    CloudEvents,
}

pub(crate) const TYPE: &str = "event_type_name";
pub(crate) const ID: &str = "event_id";
pub(crate) const VERSION: &str = "event_version";
pub(crate) const OCCURRED_ON: &str = "occurred_on";
pub(crate) const TOPIC: &str = "topic";
pub(crate) const DATA: &str = "data";

/// The names that a flat event may not use for fields of its own.
pub(crate) const RESERVED: [&str; 5] = [TYPE, ID, VERSION, OCCURRED_ON, TOPIC];
