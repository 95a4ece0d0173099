//! Metadata as a run has it: there already, or made when somebody asks for it.

use std::sync::{Arc, OnceLock};

use crate::consumer::Noted;
use crate::metadata::Metadata;

/// Metadata as a run has it.
#[derive(Clone, Copy)]
pub(crate) enum Known<'a> {
    Now(&'a Arc<Metadata>),
    OnceAsked(&'a LateMetadata<'a>),
    OnceAskedShared(&'a SharedMetadata<'a>),
    OfMessage(&'a Noted<'a>),
}

impl<'a> Known<'a> {
    #[inline]
    pub(crate) fn get(self) -> &'a Metadata {
        match self {
            Self::Now(metadata) => metadata,
            Self::OnceAsked(late) => late.get(),
            Self::OnceAskedShared(late) => late.get(),
            Self::OfMessage(noted) => noted.get(),
        }
    }

    /// The same as what contexts share, when the event is not merely borrowed.
    #[inline]
    pub(crate) fn shared(self) -> Option<&'a Arc<Metadata>> {
        match self {
            Self::Now(metadata) => Some(metadata),
            Self::OnceAsked(_) => None,
            Self::OnceAskedShared(late) => Some(late.get()),
            Self::OfMessage(noted) => Some(noted.get()),
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

    pub(crate) fn get(&self) -> &Arc<Metadata> {
        self.made.get_or_init(|| Arc::new((self.make)()))
    }
}
