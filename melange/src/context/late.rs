//! Metadata as a run has it: there already, or made when somebody asks for it.

use std::sync::{Arc, OnceLock};

use crate::metadata::Metadata;

/// Metadata that subscribers may share: there already, or made when it is asked for. Whoever has an event says how.
pub(crate) trait Shareable: Sync {
    /// The metadata, from now on the same for all who ask.
    fn metadata(&self) -> &Arc<Metadata>;
}

/// There already.
impl Shareable for Arc<Metadata> {
    fn metadata(&self) -> &Arc<Metadata> {
        self
    }
}

/// Metadata as a run has it.
// Two ways and no more: with three it would not fit into two words.
#[derive(Clone, Copy)]
pub(crate) enum Known<'a> {
    /// The event is merely borrowed, and so is this.
    Borrowed(&'a LateMetadata<'a>),
    Shared(&'a dyn Shareable),
}

impl<'a> Known<'a> {
    #[inline]
    pub(crate) fn get(self) -> &'a Metadata {
        match self {
            Self::Borrowed(late) => late.get(),
            Self::Shared(shared) => shared.metadata(),
        }
    }

    /// The same as what contexts share, when the event is not merely borrowed.
    #[inline]
    pub(crate) fn shared(self) -> Option<&'a Arc<Metadata>> {
        match self {
            Self::Borrowed(_) => None,
            Self::Shared(shared) => Some(shared.metadata()),
        }
    }
}

/// Metadata that is made when it is asked for: an id and a moment cost many times what it costs to call a subscriber.
pub(crate) struct LateMetadata<'a> {
    make: &'a (dyn Fn() -> Metadata + Sync),
    made: OnceLock<Metadata>,
}

impl<'a> LateMetadata<'a> {
    pub(crate) fn new(make: &'a (dyn Fn() -> Metadata + Sync)) -> Self {
        Self { make, made: OnceLock::new() }
    }

    pub(crate) fn get(&self) -> &Metadata {
        self.made.get_or_init(self.make)
    }
}

/// The same for an event that subscribers share.
pub(crate) struct SharedMetadata<'a> {
    make: &'a (dyn Fn() -> Metadata + Sync),
    made: OnceLock<Arc<Metadata>>,
}

impl<'a> SharedMetadata<'a> {
    /// Made when somebody asks, unless it is there already.
    pub(crate) fn new(make: &'a (dyn Fn() -> Metadata + Sync), made: Option<Arc<Metadata>>) -> Self {
        Self { make, made: made.map_or_else(OnceLock::new, OnceLock::from) }
    }
}

impl Shareable for SharedMetadata<'_> {
    fn metadata(&self) -> &Arc<Metadata> {
        self.made.get_or_init(|| Arc::new((self.make)()))
    }
}
