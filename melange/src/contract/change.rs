//! The differences between two contracts.

use std::fmt;

use crate::Location;

/// One difference between two contracts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub(super) kind: ChangeKind,
    /// The event and its version, as it was.
    pub(super) event: String,
    /// Where in the event: a path of fields.
    pub(super) path: String,
    pub(super) at: Option<Location>,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
    pub(super) fix: String,
}

/// The kind of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ChangeKind {
    /// The event is no longer there, under any name.
    EventRemoved,
    /// It is published to another topic.
    TopicChanged,
    /// Its key is another field, was removed, or was added.
    KeyChanged,
    /// A message attribute is no longer sent.
    AttributeRemoved,
    /// It, or a field, is no longer read under an older name.
    AliasRemoved,
    /// It can no longer be made from an older version.
    UpcastRemoved,
    /// Its fields are at another place in the body.
    LayoutChanged,
    /// A field is gone.
    FieldRemoved,
    /// A field is new, and required.
    RequiredFieldAdded,
    /// An optional field is now required.
    FieldMadeRequired,
    /// A nullable value may no longer be null.
    NullRefused,
    /// A type has changed.
    TypeChanged,
    /// A variant of an enum was removed.
    VariantRemoved,
    /// Compatible: an event is new, or a version of one.
    EventAdded,
    /// Compatible: the event has another name, and is read under the old one too.
    EventRenamed,
    /// Compatible: one more message attribute is sent.
    AttributeAdded,
    /// Compatible: it, or a field, is read under one more name.
    AliasAdded,
    /// Compatible: it can be made from one more version.
    UpcastAdded,
    /// Compatible: a field is new, and optional.
    OptionalFieldAdded,
    /// Compatible for readers of the new build: a field has another name, and is read under the old one too.
    FieldRenamed,
    /// Compatible for readers of the new build: an optional field was added, and readers of the old build refuse fields that
    /// they do not know.
    FieldAddedForNewReaders,
    /// Compatible for readers of the new build: a field is now optional.
    FieldMadeOptional,
    /// Compatible for readers of the new build: a value may now be null.
    NullAllowed,
    /// Compatible for readers of the new build: a variant was added to an enum.
    VariantAdded,
}

impl ChangeKind {
    /// Whether the messages that there are can be read all the same.
    #[must_use]
    pub fn is_compatible(self) -> bool {
        self >= Self::EventAdded
    }

    /// Whether readers of an older build may not be able to read what is published now: deploy readers first.
    #[must_use]
    pub fn is_readers_first(self) -> bool {
        self >= Self::FieldRenamed
    }

    fn what(self, path: &str) -> String {
        match self {
            Self::EventRemoved => "the event was removed".to_owned(),
            Self::TopicChanged => "its topic was changed".to_owned(),
            Self::KeyChanged => "its key was changed".to_owned(),
            Self::AttributeRemoved => format!("its attribute `{path}` was removed"),
            Self::AliasRemoved => format!("the alias `{path}` was removed"),
            Self::UpcastRemoved => format!("it can no longer be made from {path}"),
            Self::LayoutChanged => "its fields stand elsewhere in the body".to_owned(),
            Self::FieldRemoved => format!("the field `{path}` was removed"),
            Self::RequiredFieldAdded => format!("the field `{path}` was added, and must be there"),
            Self::FieldMadeRequired => format!("the field `{path}` must be there now"),
            Self::NullRefused => format!("`{path}` may no longer be null"),
            Self::NullAllowed => format!("`{path}` may be null now"),
            Self::TypeChanged if path.is_empty() => "its type was changed".to_owned(),
            Self::TypeChanged => format!("the type of `{path}` was changed"),
            Self::VariantRemoved => format!("the variant `{path}` was removed"),
            Self::EventAdded => "new".to_owned(),
            Self::EventRenamed => format!("it is called `{path}` now, and still read under its old name"),
            Self::AttributeAdded => format!("the attribute `{path}` was added"),
            Self::AliasAdded => format!("the alias `{path}` was added"),
            Self::UpcastAdded => format!("it can be made from {path}"),
            Self::OptionalFieldAdded => format!("the field `{path}` was added, and may be absent"),
            Self::FieldRenamed => format!("the field `{path}` has another name, and is still read under this one"),
            Self::FieldAddedForNewReaders => format!("the field `{path}` was added, where others are refused"),
            Self::FieldMadeOptional => format!("the field `{path}` may be absent now"),
            Self::VariantAdded => format!("the variant `{path}` was added"),
        }
    }
}

impl Change {
    /// The kind of a change.
    #[must_use]
    pub fn kind(&self) -> ChangeKind {
        self.kind
    }

    /// Whether the messages that there are can be read all the same.
    #[must_use]
    pub fn is_compatible(&self) -> bool {
        self.kind.is_compatible()
    }

    /// The event, as in `OrderPlaced v1`.
    #[must_use]
    pub fn event(&self) -> &str {
        &self.event
    }

    /// The path within the event, as in `lines[].price`; empty for the event itself.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The old state.
    #[must_use]
    pub fn before(&self) -> Option<&str> {
        self.before.as_deref()
    }

    /// The new state.
    #[must_use]
    pub fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// Where the event is declared, if it still is.
    #[must_use]
    pub fn location(&self) -> Option<Location> {
        self.at
    }

    /// How to fix it, or what to take care of.
    #[must_use]
    pub fn fix(&self) -> &str {
        &self.fix
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(at) = self.at {
            write!(f, "{at}: ")?;
        }
        write!(f, "{}: {}", self.event, self.kind.what(&self.path))?;
        if let Some(before) = &self.before {
            write!(f, "\n       before: {before}")?;
        }
        if let Some(after) = &self.after {
            write!(f, "\n       after:  {after}")?;
        }
        if !self.fix.is_empty() {
            write!(f, "\n       {}: {}", if self.is_compatible() { "note" } else { "fix" }, self.fix)?;
        }
        Ok(())
    }
}

/// All differences between two contracts: the incompatible ones first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes(Vec<Change>);

impl Changes {
    pub(super) fn new(mut changes: Vec<Change>) -> Self {
        changes.sort_by_key(Change::is_compatible);
        Self(changes)
    }

    /// Each change.
    pub fn iter(&self) -> impl Iterator<Item = &Change> {
        self.0.iter()
    }

    /// Whether there is an incompatible one.
    #[must_use]
    pub fn is_incompatible(&self) -> bool {
        self.0.iter().any(|change| !change.is_compatible())
    }

    /// Whether nothing has changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |n: usize| if n == 1 { "change" } else { "changes" };
        let compatible = self.0.iter().filter(|change| change.is_compatible()).count();
        for (is_compatible, n, what) in
            [(false, self.0.len() - compatible, "incompatible"), (true, compatible, "compatible")]
        {
            if n == 0 {
                continue;
            }
            writeln!(f, "{n} {what} {}:", plural(n))?;
            for (at, change) in self.0.iter().filter(|change| change.is_compatible() == is_compatible).enumerate() {
                writeln!(f, "  {}. {change}", at + 1)?;
            }
        }
        Ok(())
    }
}
