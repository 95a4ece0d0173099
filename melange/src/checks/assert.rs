//! `assert_topology!`: the checks in one line of a test.

/// Asserts, in a test, that nothing is wrong with the linked events and subscribers. It fails with all problems at
/// once, each with file, line and fix.
///
/// ```rust,standalone_crate
/// # #[derive(serde::Serialize, serde::Deserialize, melange::Event)]
/// # #[event(topic = "orders")]
/// # struct OrderPlaced { order_id: String }
/// # #[derive(serde::Serialize, serde::Deserialize, melange::Event)]
/// # #[event(topic = "payments")]
/// # struct PaymentTaken { order_id: String }
/// # #[melange::subscriber(listens_to = [OrderPlaced, PaymentTaken])]
/// # async fn receipt() {}
/// melange::assert_topology!();
/// melange::assert_topology!(
///     queue = "billing",
///     handled,
///     ordered,
///     one_queue_per_event,
///     publishes = [OrderPlaced],
///     published_elsewhere = [PaymentTaken],
/// );
/// ```
///
/// Options are the methods of [`Checks`](crate::Checks): `queue = ".."`, `prefix = ".."`, `crates = [orders]`,
/// `handled`, `handled_elsewhere = [A]`, `publishes = [A]`, `published_elsewhere = [B]`, `ordered`,
/// `one_queue_per_event`, and `rule = my_rule`.
///
/// The test must link what it checks: `use my_service as _;` in a file below `tests/`.
#[macro_export]
macro_rules! assert_topology {
    ($($options:tt)*) => {
        if let ::core::result::Result::Err(problems) =
            $crate::Checks::run(&$crate::__checks!($crate::Checks::linked(); $($options)*))
        {
            ::core::panic!("the topology has {problems}")
        }
    };
}

/// Options of `assert_topology!`, as calls.
#[doc(hidden)]
#[macro_export]
macro_rules! __checks {
    ($checks:expr; $(,)?) => { $checks };
    ($checks:expr; queue = $queue:expr $(, $($rest:tt)*)?) => { $crate::__checks!($checks.queue($queue); $($($rest)*)?) };
    ($checks:expr; prefix = $prefix:expr $(, $($rest:tt)*)?) => { $crate::__checks!($checks.prefix($prefix); $($($rest)*)?) };
    ($checks:expr; rule = $rule:expr $(, $($rest:tt)*)?) => { $crate::__checks!($checks.rule($rule); $($($rest)*)?) };
    ($checks:expr; crates = [$($name:ident),* $(,)?] $(, $($rest:tt)*)?) => {
        $crate::__checks!($checks.crates($crate::crates![$($name),*]); $($($rest)*)?)
    };
    ($checks:expr; handled $(, $($rest:tt)*)?) => { $crate::__checks!($checks.handled(); $($($rest)*)?) };
    ($checks:expr; ordered $(, $($rest:tt)*)?) => { $crate::__checks!($checks.ordered(); $($($rest)*)?) };
    ($checks:expr; one_queue_per_event $(, $($rest:tt)*)?) => {
        $crate::__checks!($checks.one_queue_per_event(); $($($rest)*)?)
    };
    ($checks:expr; handled_elsewhere = [$($event:ty),* $(,)?] $(, $($rest:tt)*)?) => {
        $crate::__checks!($checks$(.handled_elsewhere::<$event>())*; $($($rest)*)?)
    };
    ($checks:expr; publishes = [$($event:ty),* $(,)?] $(, $($rest:tt)*)?) => {
        $crate::__checks!($checks$(.publishes::<$event>())*; $($($rest)*)?)
    };
    ($checks:expr; published_elsewhere = [$($event:ty),* $(,)?] $(, $($rest:tt)*)?) => {
        $crate::__checks!($checks$(.published_elsewhere::<$event>())*; $($($rest)*)?)
    };
    ($checks:expr; $other:tt $($rest:tt)*) => {
        ::core::compile_error!(::core::concat!(
            "`", ::core::stringify!($other), "` is no option of `assert_topology!`, or has not the value it takes: there are `queue = \"..\"`, \
             `prefix = \"..\"`, `crates = [orders]`, `handled`, `handled_elsewhere = [A]`, `publishes = [A]`, \
             `published_elsewhere = [A]`, `ordered`, `one_queue_per_event` and `rule = my_rule`"
        ))
    };
}
