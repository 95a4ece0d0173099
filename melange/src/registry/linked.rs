//! What the linker kept. The only file that knows `inventory`.

#[doc(hidden)]
pub use inventory;

use crate::event::EventDescriptor;
use crate::subscriber::SubscriberDescriptor;

/// What a macro puts into the binary.
#[derive(Debug)]
pub enum Entry {
    /// By `#[derive(Event)]`.
    Event(&'static EventDescriptor),
    /// By `#[subscriber]`: one for each event.
    Subscribers(&'static [SubscriberDescriptor]),
}

inventory::collect!(Entry);

/// Puts an [`Entry`] into the binary. Generated code only.
#[doc(hidden)]
#[macro_export]
macro_rules! __register {
    ($entry:expr) => {
        $crate::__private::inventory::submit! { $entry }
    };
}

/// Everything that was linked, in no order.
pub(crate) fn entries() -> impl Iterator<Item = &'static Entry> {
    inventory::iter::<Entry>.into_iter()
}
