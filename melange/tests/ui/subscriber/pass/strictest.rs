//! Every lint of the compiler that says something of valid code, as errors: what is generated keeps them all. So does it those of
//! clippy's `pedantic`, which are not run here.
#![deny(warnings, future_incompatible, nonstandard_style, rust_2018_idioms, rust_2024_compatibility, unused, let_underscore)]
#![forbid(unsafe_code, missing_docs, unused_imports, unused_variables, dead_code)]
#![deny(absolute_paths_not_starting_with_crate, deprecated_in_future, elided_lifetimes_in_paths)]
#![deny(explicit_outlives_requirements, missing_copy_implementations, missing_debug_implementations, non_ascii_idents)]
#![deny(redundant_imports, redundant_lifetimes, single_use_lifetimes, tail_expr_drop_order, trivial_casts, unit_bindings)]
#![deny(unnameable_types, unreachable_pub, unused_lifetimes, unused_qualifications, unused_results, variant_size_differences)]

/// Orders.
pub mod orders {
    use melange::{CancellationToken, Context, Event, Metadata, Outcome, State, subscriber};
    use serde::{Deserialize, Serialize};
    use std::sync::Arc;

    /// An order.
    #[derive(Debug, Clone, Serialize, Deserialize, Event)]
    #[event(topic = "orders")]
    #[non_exhaustive]
    pub struct Placed {
        /// The id.
        #[event(key)]
        pub id: String,
        /// Where.
        #[event(attribute)]
        pub country: Option<String>,
    }

    /// Another.
    #[derive(Debug, Clone, Serialize, Deserialize, Event)]
    #[event(topic = "orders", version = 2, name = "orders.cancelled", alias = ["Cancelled"])]
    #[non_exhaustive]
    pub enum Cancelled {
        /// One.
        One {
            /// Why.
            why: String,
        },
        /// Two.
        Two(u64),
    }

    /// Local.
    #[derive(Debug, Clone, Copy, Event)]
    #[event(local)]
    #[non_exhaustive]
    pub struct Ticked;

    /// A mailer.
    #[derive(Debug, Clone, Copy)]
    #[non_exhaustive]
    pub struct Mailer;

    /// Receipt.
    ///
    /// # Errors
    /// Never.
    #[subscriber(listens_to = Placed, retry(attempts = 5, backoff = "1s..5m"))]
    pub async fn receipt(
        order: &Placed,
        meta: &Metadata,
        State(mailer): State<Mailer>,
        stop: CancellationToken,
    ) -> Result<(), std::io::Error> {
        tracing(order, meta, mailer, &stop);
        core::future::ready(()).await;
        Ok(())
    }

    /// Uses.
    fn tracing(order: &Placed, meta: &Metadata, mailer: Mailer, stop: &CancellationToken) {
        println!("{order:?} {meta:?} {mailer:?} {}", stop.is_cancelled());
    }

    /// Private.
    #[subscriber(listens_to = [Placed, Cancelled])]
    async fn audit(placed: Option<&Placed>, cancelled: Option<Arc<Cancelled>>, cx: Option<&Context<Placed>>) -> Outcome {
        println!("{placed:?} {cancelled:?} {}", cx.is_some());
        core::future::ready(Outcome::Done).await
    }

    /// Sync.
    #[subscriber(listens_to = Ticked)]
    pub(crate) fn tick(tick: &Ticked) {
        println!("{tick:?}");
    }

    /// Blocking.
    #[subscriber(listens_to = Ticked, blocking, timeout = "3s")]
    pub(super) fn blocks(_: &Ticked) {}

    /// A value.
    #[derive(Debug, Clone, Copy)]
    #[non_exhaustive]
    pub struct Ledger;

    /// Makes methods.
    macro_rules! helpers {
        () => {
            /// Helper.
            #[must_use]
            pub const fn helper(&self) -> u64 {
                7
            }
        };
    }

    #[subscriber(queue = "books")]
    impl Ledger {
        helpers!();

        #[listens_to]
        async fn placed(&self, order: &Placed) {
            println!("{order:?} {}", self.helper());
            core::future::ready(()).await;
        }

        #[listens_to(timeout = "5s")]
        fn ticked(&self, tick: &Ticked, meta: &Metadata) -> Outcome {
            println!("{tick:?} {meta:?}");
            Outcome::Done
        }
    }

    /// Counts.
    #[derive(Debug, Clone, Copy)]
    #[non_exhaustive]
    pub struct Counter;

    #[subscriber(listens_to = Placed)]
    impl Counter {
        /// Handles.
        async fn process(&self, order: Arc<Placed>) -> Result<(), String> {
            println!("{order:?}");
            core::future::ready(Ok(())).await
        }
    }
}

fn main() {
    let functions = melange::subscribers![orders::receipt, orders::tick, orders::blocks];
    let bus = melange::EventBus::builder()
        .subscribers(functions)
        .subscriber(orders::Ledger)
        .subscriber(orders::Counter)
        .state(orders::Mailer)
        .build();
    println!("{}", bus.is_ok());
}
