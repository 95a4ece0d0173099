//! The registry's entry for a subscriber of one event.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::Arc;

use super::{Call, Instance, SubscriberOptions};
use crate::Location;
use crate::event::EventDescriptor;
use crate::extract::Needs;
use crate::in_process::direct::Direct;

/// Describes a subscriber of one event. A subscriber of several events has one descriptor for each.
// What is asked of thousands when a bus is built stands together.
#[derive(Clone)]
#[repr(C, align(64))]
pub struct SubscriberDescriptor {
    event: &'static EventDescriptor,
    needs: fn(&mut Needs),
    call: Call,
    direct: Option<Direct>,
    name: &'static str,
    options: SubscriberOptions,
    instance: Option<InstanceType>,
    location: Location,
}

/// The type of the value a subscriber runs on.
#[derive(Debug, Clone, Copy)]
pub struct InstanceType {
    pub(crate) type_id: TypeId,
    pub(crate) name: &'static str,
    share: fn(Box<dyn Any>) -> Option<Arc<Instance>>,
}

impl InstanceType {
    /// `T`, which is called `name`.
    #[must_use]
    pub const fn of<T: Send + Sync + 'static>(name: &'static str) -> Self {
        Self { type_id: TypeId::of::<T>(), name, share: share::<T> }
    }

    /// The value as subscribers take it. It is known here alone that it is `Send` and `Sync`: who hands over one that
    /// is not has been told so at its impl block, and is not told again.
    pub(super) fn share<T: 'static>(self, value: &Arc<T>) -> Option<Arc<Instance>> {
        (self.share)(Box::new(Arc::clone(value)))
    }
}

fn share<T: Send + Sync + 'static>(value: Box<dyn Any>) -> Option<Arc<Instance>> {
    let value = value.downcast::<Arc<T>>().ok()?;
    Some(*value)
}

impl SubscriberDescriptor {
    /// A function called `name` that listens to `event`; `needs` says what its arguments need.
    #[must_use]
    pub const fn new(
        name: &'static str,
        event: &'static EventDescriptor,
        location: Location,
        needs: fn(&mut Needs),
        call: Call,
    ) -> Self {
        Self { name, location, event, instance: None, options: SubscriberOptions::new(), needs, call, direct: None }
    }

    /// Run on a value of this type, which must be given at run time.
    #[must_use]
    pub const fn on_instance(mut self, instance: InstanceType) -> Self {
        self.instance = Some(instance);
        self
    }

    /// With these options.
    #[must_use]
    pub const fn with_options(mut self, options: SubscriberOptions) -> Self {
        self.options = options;
        self
    }

    /// Called by the buses in process like this, which is quicker: for those that take nothing but the event.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_direct(mut self, direct: fn(Arc<Instance>) -> Option<Box<dyn Any>>) -> Self {
        self.direct = Some(direct);
        self
    }

    /// Called in another way.
    #[cfg(feature = "test-util")]
    pub(crate) fn with_call(mut self, call: Call) -> Self {
        // Nobody may go around it.
        self.direct = None;
        self.call = call;
        self
    }

    /// Whether each event is listened to once: the macro asks it while it compiles, as two paths may lead to one type.
    #[doc(hidden)]
    #[must_use]
    pub const fn are_of_different_events(all: &[Self]) -> bool {
        let mut second = 0;
        while second < all.len() {
            let mut first = 0;
            while first < second {
                if all[first].is_of_the_event_of(&all[second]) {
                    return false;
                }
                first += 1;
            }
            second += 1;
        }
        true
    }

    pub(crate) const fn is_of_the_event_of(&self, other: &Self) -> bool {
        self.event.seems_to_be(other.event)
    }

    /// Its name, as shown in logs, dead letters and the registry's table.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Where it was declared.
    #[must_use]
    pub fn location(&self) -> Location {
        self.location
    }

    /// What it listens to.
    #[must_use]
    pub fn event(&self) -> &'static EventDescriptor {
        self.event
    }

    /// The queue it names; `None` means the bus's own.
    #[must_use]
    pub fn queue(&self) -> Option<&'static str> {
        self.options.queue
    }

    /// Its options.
    #[must_use]
    pub fn options(&self) -> &SubscriberOptions {
        &self.options
    }

    /// The type it runs on, if it is a method.
    #[must_use]
    pub fn instance_type(&self) -> Option<&'static str> {
        self.instance.map(|instance| instance.name)
    }

    /// Whether it is an async function.
    #[must_use]
    pub fn is_async(&self) -> bool {
        matches!(self.call, Call::Async(_))
    }

    /// Whether it runs on a thread for blocking work.
    #[must_use]
    pub fn is_blocking(&self) -> bool {
        matches!(self.call, Call::Blocking(_))
    }

    pub(crate) fn instance(&self) -> Option<InstanceType> {
        self.instance
    }

    /// What no two have in common: where it is, what it is called, and what it listens to.
    pub(crate) fn identity(&self) -> (Location, &'static str, TypeId) {
        (self.location, self.name, self.event.type_id())
    }

    /// Its name with its module, for where another one has the same name.
    pub(crate) fn full_name(&self) -> String {
        format!("{}::{}", self.location.module_path(), self.name)
    }

    /// Whether this is its name, with its module or without.
    pub(crate) fn is_called(&self, wanted: &str) -> bool {
        let before = wanted.strip_suffix(self.name);
        before.is_some_and(|before| before.is_empty() || before.strip_suffix("::") == Some(self.location.module_path()))
    }

    pub(crate) fn needs(&self) -> Needs {
        let mut needs = Needs::default();
        (self.needs)(&mut needs);
        needs
    }

    pub(crate) fn call(&self) -> Call {
        self.call
    }

    pub(crate) fn direct(&self) -> Option<Direct> {
        self.direct
    }
}

impl fmt::Debug for SubscriberDescriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubscriberDescriptor")
            .field("name", &self.name)
            .field("event", self.event)
            .field("location", &self.location)
            .finish_non_exhaustive()
    }
}
