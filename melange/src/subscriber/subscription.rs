//! A subscriber with the value it runs on.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, LazyLock};

use super::{Instance, SubscriberDescriptor};

/// A subscriber with the value it runs on: ready to be called.
#[derive(Clone)]
pub struct Subscription {
    pub(crate) descriptor: Described,
    pub(crate) instance: Arc<Instance>,
}

impl Subscription {
    /// Its descriptor.
    #[must_use]
    pub fn descriptor(&self) -> &SubscriberDescriptor {
        &self.descriptor
    }

    /// A subscriber that is a function.
    pub(crate) fn of_function(descriptor: &'static SubscriberDescriptor) -> Self {
        /// What all functions run on.
        static NOTHING: LazyLock<Arc<Instance>> = LazyLock::new(|| Arc::new(()));
        Self { descriptor: Described::Constant(descriptor), instance: Arc::clone(&NOTHING) }
    }

    /// One that is described at run time.
    pub(crate) fn made(descriptor: SubscriberDescriptor, instance: Arc<Instance>) -> Self {
        Self { descriptor: Described::Made(Arc::new(descriptor)), instance }
    }
}

/// A descriptor where it is: what macros write is a constant, and not copied.
#[derive(Clone)]
pub(crate) enum Described {
    Constant(&'static SubscriberDescriptor),
    Made(Arc<SubscriberDescriptor>),
}

impl Deref for Described {
    type Target = SubscriberDescriptor;

    fn deref(&self) -> &SubscriberDescriptor {
        match self {
            Self::Constant(descriptor) => descriptor,
            Self::Made(descriptor) => descriptor,
        }
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.descriptor(), f)
    }
}
