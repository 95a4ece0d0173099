//! Things named by hand: crates that must be linked, and functions without the linker.

use crate::subscriber::SubscriberDescriptor;

/// Crates named with [`crates!`](crate::crates), so that the linker keeps them.
#[derive(Debug, Clone, Copy)]
pub struct Crates(&'static [&'static str]);

impl Crates {
    #[doc(hidden)]
    #[must_use]
    pub const fn __new(names: &'static [&'static str]) -> Self {
        Self(names)
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = &'static str> {
        self.0.iter().copied()
    }
}

/// Functions named with [`subscribers!`](crate::subscribers).
#[derive(Debug, Clone, Copy)]
pub struct Functions(&'static [&'static [SubscriberDescriptor]]);

impl Functions {
    #[doc(hidden)]
    #[must_use]
    pub const fn __new(functions: &'static [&'static [SubscriberDescriptor]]) -> Self {
        Self(functions)
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = &'static SubscriberDescriptor> {
        self.0.iter().copied().flatten()
    }
}

/// Names crates that contain events or subscribers, so that the linker keeps them and `build()` checks that each
/// registered something.
///
/// The linker silently drops a crate that is only in `Cargo.toml`. This names it:
///
/// ```ignore
/// let bus = EventBus::builder().linked().crates(melange::crates![orders, billing]).build()?;
/// ```
#[macro_export]
macro_rules! crates {
    ($($name:ident),* $(,)?) => {{
        $(use ::$name as _;)*
        $crate::Crates::__new(&[$($crate::__private::stringify!($name)),*])
    }};
    ($($other:tt)*) => {
        $crate::__private::compile_error!(
            "name each crate as an identifier, without quotes and with `_` for `-`: `crates![orders, my_billing]`"
        )
    };
}

/// Names `#[subscriber]` functions, for use where the linker cannot be relied on (wasm, static libraries) or where not
/// everything that is linked is wanted (tests).
///
/// ```
/// # #[derive(serde::Serialize, serde::Deserialize, melange::Event)]
/// # #[event(topic = "orders")]
/// # struct OrderPlaced { total_cents: u64 }
/// #[melange::subscriber(listens_to = OrderPlaced)]
/// async fn send_receipt(order: &OrderPlaced) {}
///
/// # fn main() -> Result<(), melange::BuildErrors> {
/// let bus = melange::EventBus::builder().subscribers(melange::subscribers![send_receipt]).build()?;
/// # Ok(())
/// # }
/// ```
#[macro_export]
macro_rules! subscribers {
    ($($function:tt)*) => { $crate::__private::__functions!([$crate] [$($function)*]) };
}
