//! The asserts, as tests write them.

/// Generated code only.
#[doc(hidden)]
#[macro_export]
macro_rules! __assert_events {
    ($what:ident, $bus:expr, @type [$words:expr] [$type:ty] $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::testing::asserts::$what::<$type>(&$bus, $words, |_| true)$(.$key($value))*.check()
    };
    ($what:ident, $bus:expr, @pattern [$words:expr] [$pattern:pat $(if $guard:expr)?]
        $(, $key:ident = $value:expr)* $(,)?
    ) => {
        $crate::testing::asserts::$what(
            &$bus,
            $words,
            #[allow(unreachable_patterns, reason = "a pattern that fits all is as good")]
            |__melange_event: &_| match __melange_event {
                $pattern $(if $guard)? => true,
                _ => false,
            },
        )
        $(.$key($value))*.check()
    };
    ($what:ident, $bus:expr, |$event:ident: &$type:ty| $fits:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::testing::asserts::$what::<$type>(
            &$bus,
            ::core::concat!("|", ::core::stringify!($event), ": &", ::core::stringify!($type), "| ", ::core::stringify!($fits)),
            |$event: &$type| $fits,
        )
        $(.$key($value))*.check()
    };
    ($what:ident, $bus:expr, |_: &$type:ty| $fits:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::__assert_events!($what, $bus, |_event: &$type| $fits $(, $key = $value)*)
    };
    ($what:ident, $bus:expr, |$($closure:tt)*) => {
        ::core::compile_error!("say the type of the closure's argument: `|event: &OrderPlaced| ..`")
    };
    ($what:ident, $bus:expr, $($segment:ident)::+ $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::__private::__type_or_pattern! {
            [$crate::__assert_events] [$what, $bus] [$($segment)::+] [$(, $key = $value)*]
        }
    };
    ($what:ident, $bus:expr, :: $($segment:ident)::+ $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::__private::__type_or_pattern! {
            [$crate::__assert_events] [$what, $bus] [:: $($segment)::+] [$(, $key = $value)*]
        }
    };
    ($what:ident, $bus:expr, $wanted:tt $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::__private::__type_or_pattern! {
            [$crate::__assert_events] [$what, $bus] [$wanted] [$(, $key = $value)*]
        }
    };
    ($what:ident, $bus:expr, $pattern:pat $(if $guard:expr)? $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::__assert_events!(
            $what, $bus, @pattern [::core::stringify!($pattern $(if $guard)?)] [$pattern $(if $guard)?] $(, $key = $value)*
        )
    };
    ($what:ident, $bus:expr, $($wanted:tt)*) => {
        ::core::compile_error!(
            "after the bus comes an event type, a pattern with or without a guard, or a closure; then, where wanted, \
             `times = 2`, `at_least = 2`, `by = \"subscriber\"`, `queue = \"queue\"`, `reason = \"text\"`"
        )
    };
}

/// Asserts that events were published, by the test or by a subscriber, and returns them.
///
/// The first argument after the bus is an event type, a variant of an enum, a pattern with or without a guard, or a
/// closure. Optional arguments are the number of events, `times = 2` or `at_least = 2`, and, for events [sent to a
/// queue](crate::EventBus::send_to), `queue = "billing"`.
///
/// ```
/// # use melange::testing::TestBus;
/// # #[derive(serde::Serialize, serde::Deserialize, melange::Event)]
/// # #[event(topic = "orders")]
/// # struct OrderPlaced { order_id: String, total_cents: u64 }
/// # mod shop {
/// #     #[derive(serde::Serialize, serde::Deserialize, melange::Event)]
/// #     #[event(topic = "payments")]
/// #     pub enum Payment { Taken { cents: u64 } }
/// # }
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), melange::PublishError> {
/// # let bus = TestBus::builder().start().await;
/// bus.publish(OrderPlaced { order_id: "o-1".into(), total_cents: 4200 }).await?;
/// bus.publish(shop::Payment::Taken { cents: 4200 }).await?;
///
/// melange::assert_published!(bus, OrderPlaced);
/// melange::assert_published!(bus, shop::Payment);
/// melange::assert_published!(bus, shop::Payment::Taken, times = 1);
/// melange::assert_published!(bus, OrderPlaced { total_cents: 4200, .. }, times = 1);
/// melange::assert_published!(bus, OrderPlaced { order_id, .. } if order_id == "o-1");
/// melange::assert_published!(bus, |order: &OrderPlaced| order.total_cents > 1000);
/// # Ok(())
/// # }
/// ```
///
/// Whether a path is a type or a variant is told by the segment before its last one: a module, such as `shop`, begins
/// with a lower-case letter, an enum, such as `Payment`, with an upper-case one. If your names are different, write `{
/// .. }` after the struct or variant.
///
/// A failure shows what was expected, and lists what happened instead.
#[macro_export]
macro_rules! assert_published {
    ($bus:expr $(, $($wanted:tt)*)?) => { $crate::__assert_events!(published, $bus, $($($wanted)*)?) };
}

/// Asserts that no such event was published: like [`assert_published!`](crate::assert_published) with `times = 0`.
#[macro_export]
macro_rules! assert_not_published {
    ($bus:expr $(, $($wanted:tt)*)?) => { $crate::__assert_events!(not_published, $bus, $($($wanted)*)?) };
}

/// Asserts that subscribers handled events, and returns these: once for each subscriber that did.
///
/// Arguments as for [`assert_published!`](crate::assert_published), plus `by = "send_receipt"` and `queue = "billing"`.
#[macro_export]
macro_rules! assert_handled {
    ($bus:expr $(, $($wanted:tt)*)?) => { $crate::__assert_events!(handled, $bus, $($($wanted)*)?) };
}

/// Asserts that no subscriber handled such an event: like [`assert_handled!`](crate::assert_handled) with `times = 0`.
#[macro_export]
macro_rules! assert_not_handled {
    ($bus:expr $(, $($wanted:tt)*)?) => { $crate::__assert_events!(not_handled, $bus, $($($wanted)*)?) };
}

/// Asserts that subscribers failed on events that were or will be redelivered, and returns these: once for each
/// attempt.
///
/// Arguments as for [`assert_handled!`](crate::assert_handled), plus `reason = "mail server"`: the reason contains this
/// text.
#[macro_export]
macro_rules! assert_retried {
    ($bus:expr $(, $($wanted:tt)*)?) => { $crate::__assert_events!(retried, $bus, $($($wanted)*)?) };
}

/// Asserts that no subscriber failed on such an event with a retry: like [`assert_retried!`](crate::assert_retried)
/// with `times = 0`.
#[macro_export]
macro_rules! assert_not_retried {
    ($bus:expr $(, $($wanted:tt)*)?) => { $crate::__assert_events!(not_retried, $bus, $($($wanted)*)?) };
}

/// Asserts that subscribers rejected events, and returns these. Arguments as for
/// [`assert_retried!`](crate::assert_retried).
#[macro_export]
macro_rules! assert_rejected {
    ($bus:expr $(, $($wanted:tt)*)?) => { $crate::__assert_events!(rejected, $bus, $($($wanted)*)?) };
}

/// Asserts that no subscriber rejected such an event: like [`assert_rejected!`](crate::assert_rejected) with `times =
/// 0`.
#[macro_export]
macro_rules! assert_not_rejected {
    ($bus:expr $(, $($wanted:tt)*)?) => { $crate::__assert_events!(not_rejected, $bus, $($($wanted)*)?) };
}

/// Asserts that events are in the dead-letter queues of the buses' queues, and returns them: once for each subscriber
/// that gave them up. Arguments as for [`assert_retried!`](crate::assert_retried).
#[macro_export]
macro_rules! assert_dead_lettered {
    ($bus:expr $(, $($wanted:tt)*)?) => { $crate::__assert_events!(dead_lettered, $bus, $($($wanted)*)?) };
}

/// Asserts that no such event is in a dead-letter queue: like [`assert_dead_lettered!`](crate::assert_dead_lettered)
/// with `times = 0`.
#[macro_export]
macro_rules! assert_not_dead_lettered {
    ($bus:expr $(, $($wanted:tt)*)?) => { $crate::__assert_events!(not_dead_lettered, $bus, $($($wanted)*)?) };
}

/// Asserts that nothing is left to do: no subscriber is running, and no message on a queue of the buses can be
/// received, now or later.
#[macro_export]
macro_rules! assert_idle {
    ($bus:expr $(,)?) => {
        $crate::testing::asserts::check_idle(&$bus)
    };
}
