//! What an event is: the trait the derive implements, and what its fields and its older versions may be.

mod descriptor;

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

pub use descriptor::EventDescriptor;

use crate::attributes::AttributeValue;
use crate::{BoxError, Timestamp};

/// A type-erased event: what queues hold and what dispatch passes on.
pub type Erased = Arc<dyn Any + Send + Sync>;

/// Something that happened, which subscribers may listen to. Implemented by `#[derive(Event)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "not an event",
    note = "an event is a type of your own with `#[derive(melange::Event)]` and `#[event(topic = \"...\")]`",
    note = "a bus that keeps events takes them by value: instead of a reference, a `Box` or an `Arc`, pass the event or a clone of it"
)]
pub trait Event: Send + Sync + Sized + 'static {
    /// The description of the type: name, version, topic, how it is written.
    const DESCRIPTOR: &'static EventDescriptor;

    /// The routing data of this one value: its key, its topic, when it happened.
    fn route(&self) -> Route<'_> {
        Route::default()
    }
}

/// The descriptor of an event type.
#[must_use]
pub const fn descriptor<E: Event>() -> &'static EventDescriptor {
    E::DESCRIPTOR
}

/// The routing data of one event, from the fields marked `#[event(key)]` and so on.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Route<'a> {
    /// The ordering key: events with the same key stay in order where the bus or queue keeps one.
    pub key: Option<Cow<'a, str>>,
    /// FIFO deduplication id; the event's id if absent.
    pub dedup_id: Option<Cow<'a, str>>,
    /// A topic that overrides the descriptor's.
    pub topic: Option<Cow<'a, str>>,
    /// When it happened; the time of publishing if absent.
    pub occurred_on: Option<Timestamp>,
    /// Message attributes to send with the body.
    pub attributes: Vec<(&'static str, AttributeValue)>,
}

/// How an event is made from an older version of itself.
#[derive(Clone, Copy)]
pub struct Upcast {
    from: &'static EventDescriptor,
    convert: fn(Erased) -> Result<Erased, BoxError>,
}

impl Upcast {
    /// By `impl From<Old> for New` or `impl TryFrom<Old> for New`.
    #[must_use]
    pub const fn of<Old: Event, New: Event + UpcastFrom<Old>>() -> Self {
        Self { from: Old::DESCRIPTOR, convert: convert::<Old, New> }
    }

    /// The older version.
    #[must_use]
    pub const fn from(&self) -> &'static EventDescriptor {
        self.from
    }

    /// The newer event, or why there is none: the error of `TryFrom`, or that `old` is of another type or is shared.
    pub(crate) fn apply(&self, old: Erased) -> Result<Erased, BoxError> {
        (self.convert)(old)
    }
}

fn convert<Old: Event, New: Event + UpcastFrom<Old>>(old: Erased) -> Result<Erased, BoxError> {
    let old = old.downcast::<Old>().ok().and_then(Arc::into_inner);
    let old = old.ok_or("it is of another type: please report this as a bug in melange")?;
    Ok(Arc::new(New::upcast_from(old)?))
}

/// An event that can be made from an older version of itself: by `From` or `TryFrom`, under a name that can say what is
/// missing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be made from its older version `{Old}`",
    label = "`{Self}` is not made from this one",
    note = "`upcast_from` needs `impl From<{Old}> for {Self}`, or `impl TryFrom<{Old}> for {Self}` with an error that is a `std::error::Error` or text"
)]
pub trait UpcastFrom<Old>: Sized {
    /// The newer event, or why this one cannot be made into it.
    ///
    /// # Errors
    /// What `TryFrom` says.
    fn upcast_from(old: Old) -> Result<Self, BoxError>;
}

// What has `From` has `TryFrom` too, by the standard library.
#[diagnostic::do_not_recommend]
impl<Old, New> UpcastFrom<Old> for New
where
    New: TryFrom<Old>,
    New::Error: Into<BoxError>,
{
    fn upcast_from(old: Old) -> Result<Self, BoxError> {
        Self::try_from(old).map_err(Into::into)
    }
}

impl fmt::Debug for Upcast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Upcast").field(&self.from).finish()
    }
}

/// A field type that can be an ordering key, by `#[event(key)]` (and `#[event(dedup_id)]`): anything that displays.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a key or a deduplication id",
    label = "not a key",
    note = "a key is sent as text: mark a field that implements `std::fmt::Display`, such as a `String`, an integer or a `Uuid`"
)]
pub trait EventKey {
    /// The key as text.
    fn to_key(&self) -> Cow<'_, str>;
}

#[diagnostic::do_not_recommend]
impl<T: fmt::Display + 'static> EventKey for T {
    fn to_key(&self) -> Cow<'_, str> {
        // Most keys are text already.
        match (self as &dyn Any).downcast_ref::<String>() {
            Some(text) => Cow::Borrowed(text),
            None => Cow::Owned(self.to_string()),
        }
    }
}

/// A field type that can say where one event is published, by `#[event(topic)]`: any text.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a topic",
    label = "not a topic",
    note = "`#[event(topic)]` marks a field that is text, such as a `String`; left empty, it stands for the event's own topic"
)]
pub trait TopicField {
    /// The topic; `None` for the event's own when the text is empty.
    fn to_topic(&self) -> Option<Cow<'_, str>>;
}

#[diagnostic::do_not_recommend]
impl<T: AsRef<str>> TopicField for T {
    fn to_topic(&self) -> Option<Cow<'_, str>> {
        let topic = self.as_ref();
        (!topic.is_empty()).then_some(Cow::Borrowed(topic))
    }
}

/// A field type that can say when an event happened, by `#[event(occurred_on)]`: what [`Timestamp`] is made from.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the moment an event happened",
    label = "not a moment",
    note = "`#[event(occurred_on)]` marks a `melange::Timestamp`, a `chrono::DateTime<Utc>` or a `SystemTime`"
)]
pub trait MomentField {
    /// The moment.
    fn to_moment(&self) -> Option<Timestamp>;
}

#[diagnostic::do_not_recommend]
impl<T: Clone> MomentField for T
where
    Timestamp: From<T>,
{
    fn to_moment(&self) -> Option<Timestamp> {
        Some(Timestamp::from(self.clone()))
    }
}
