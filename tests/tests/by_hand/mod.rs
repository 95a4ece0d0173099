//! Events and subscribers without the macros: broken ones, which the derive would refuse, and such as must not be in
//! the registry of the whole binary.
#![allow(dead_code, unused_macros, unused_imports, reason = "every test binary uses some of it")]

use melange::__private::{Call, DeserializeOwned, InstanceType, Needs, Serialize};
pub(crate) use melange::__private::{Codec, Layout};
pub(crate) use melange::{Event, EventDescriptor, Location, Outcome, Route, SubscriberDescriptor, SubscriberOptions};

/// Implements `Event` for a type: `event!(Placed, "Placed".with_topic("orders"), |placed| route)`.
macro_rules! event {
    ($type:ty, $name:literal $(.$method:ident($($arg:expr),*))*) => {
        event!($type, $name $(.$method($($arg),*))*, |_event| $crate::by_hand::Route::default());
    };
    ($type:ty, $name:literal $(.$method:ident($($arg:expr),*))*, |$event:ident| $route:expr) => {
        impl $crate::by_hand::Event for $type {
            const DESCRIPTOR: &'static $crate::by_hand::EventDescriptor =
                &$crate::by_hand::EventDescriptor::new::<Self>($name, stringify!($type), $crate::by_hand::here!())
                    $(.$method($($arg),*))*;

            fn route(&self) -> $crate::by_hand::Route<'_> {
                let $event = self;
                $route
            }
        }
    };
}
pub(crate) use event;

/// The place of the macro's caller.
macro_rules! here {
    () => {
        $crate::by_hand::Location::new(module_path!(), file!(), line!())
    };
}
pub(crate) use here;

/// Functions for `.subscribers(..)` and `Registry::of(..)`: `functions![listener::<A>("a", here!()), ..]`.
macro_rules! functions {
    ($($descriptor:expr),* $(,)?) => {{
        const FUNCTIONS: &[$crate::by_hand::SubscriberDescriptor] = &[$($descriptor),*];
        melange::Functions::__new(&[FUNCTIONS])
    }};
}
pub(crate) use functions;

/// Functions that listen to these events, and do nothing.
macro_rules! listeners {
    ($($event:ty),* $(,)?) => {
        $crate::by_hand::functions![$($crate::by_hand::listener::<$event>(stringify!($event), $crate::by_hand::here!())),*]
    };
}
pub(crate) use listeners;

/// A function that does nothing.
pub(crate) const fn listener<E: Event>(name: &'static str, at: Location) -> SubscriberDescriptor {
    needy::<E>(name, at, |_| ())
}

/// A function that does nothing, and whose arguments need something.
pub(crate) const fn needy<E: Event>(name: &'static str, at: Location, needs: fn(&mut Needs)) -> SubscriberDescriptor {
    SubscriberDescriptor::new(name, E::DESCRIPTOR, at, needs, Call::Sync(|_, _| Outcome::Done))
}

/// A method that does nothing, of a value of type `T`.
pub(crate) const fn method<T: Send + Sync + 'static, E: Event>(
    name: &'static str,
    type_name: &'static str,
    at: Location,
) -> SubscriberDescriptor {
    listener::<E>(name, at).on_instance(InstanceType::of::<T>(type_name))
}

/// JSON, the event's fields beside the envelope's.
pub(crate) const fn flat<E: Event + Serialize + DeserializeOwned>() -> Codec {
    Codec::json::<E>(Layout::Flat { own: &[], open: false })
}

/// JSON, the event under `data`.
pub(crate) const fn data<E: Event + Serialize + DeserializeOwned>() -> Codec {
    Codec::json::<E>(Layout::Data)
}
