//! The macros of Melange: `#[derive(Event)]` and `#[subscriber]`. Use them through the `melange` crate.
//!
//! Each macro goes through the same steps: parse what the user wrote, check it and collect every mistake, expand. If
//! there are mistakes, the user's item is still emitted, together with a stub, so that one mistake gives one error.

mod cfg;
mod duration;
mod event;
mod functions;
mod krate;
mod names;
mod nearest;
mod option;
mod options;
mod place;
mod problems;
mod spelling;
mod subscriber;
mod wanted;

use proc_macro::TokenStream;

/// Makes a struct or enum an event.
///
/// ```
/// use melange::Event;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, Clone, Serialize, Deserialize, Event)]
/// #[event(topic = "orders")]
/// struct OrderPlaced {
///     #[event(key)]
///     order_id: String,
///     total_cents: u64,
/// }
///
/// assert_eq!(OrderPlaced::DESCRIPTOR.topic(), Some("orders"));
/// ```
///
/// # On the type
///
/// | `#[event(..)]` | |
/// |---|---|
/// | `topic = "orders"` | The topic it is published to: 1 to 256 letters, digits, `-` and `_`, with `.fifo` at the end for a FIFO topic. Required, unless the event is `local`. |
/// | `name = "OrderPlaced"` | Its name on the wire: letters, digits and `_`, `-`, `.`, `:`, `/`. The type's name by default. |
/// | `version = 2` | Its version on the wire. 1 by default. |
/// | `alias = ["OldName"]` | Other names under which it can be read. |
/// | `upcast_from = [OrderPlacedV1]` | Older versions, themselves events, from which it can be made: each needs `impl From<OrderPlacedV1> for OrderPlaced`, or `TryFrom` with an error. |
/// | `deprecated`, `deprecated = "publish OrderPlacedV2"` | Publishing it logs a warning, once for each process, with what to do instead. Subscribing to it does not. |
/// | `example = OrderPlaced { .. }` | An example value, for documents and people; may be given several times. |
/// | `local` | It never leaves the process, and needs neither serde nor a topic. |
/// | `crate = path` | The path to Melange, if not `::melange`. |
///
/// # On a field of a struct
///
/// | `#[event(..)]` | |
/// |---|---|
/// | `key` | The ordering key: the message group on FIFO topics, and the unit of order within a bus. Any type that implements `Display`, except floating-point numbers. |
/// | `dedup_id` | The deduplication id on FIFO topics; the event's id by default. |
/// | `attribute`, `attribute = "name"` | Also sent as a message attribute, for filters: a string, `bool`, an integer, an `Option` of these, or a type that implements `melange::IntoAttribute`. At most 4. |
/// | `topic` | The topic of this one event: a string. The type's topic if it is empty. |
/// | `occurred_on` | When it happened: a `melange::Timestamp`, a `chrono::DateTime<Utc>` or a `SystemTime`. The time of publishing by default. |
///
/// # What else is used
///
/// With Melange's feature `schema`: the doc comments of the type and its fields, the fields' types, Rust's own
/// `#[deprecated]`, and `schemars::JsonSchema` if the type derives it. See `melange::documents`.
///
/// # What can be an event
///
/// A type that owns its data and is `Send + Sync`, because queues keep events and subscribers share them. A generic
/// type cannot be an event, because each instance would need its own name: wrap the one you mean, as in `struct
/// UserChanged(Changed<User>);`.
///
/// A struct with named fields shares one JSON object with the envelope. So its fields must not be called
/// `event_type_name`, `event_id`, `event_version`, `occurred_on` or `topic` in the JSON, except for those marked as
/// such, and `#[serde(deny_unknown_fields)]` would refuse every message. All other types are written under `data`.
///
/// Because of retries, dead letters and older builds, an event must be able to read what it writes. A field or variant
/// for which `#[serde(..)]` sets different names for writing and reading is refused, unless an `alias` covers the name
/// that is written. The macro cannot see the names that a hand-written `Serialize` uses: give the field that name for
/// both, `#[serde(rename = "orderId")]`.
// `events` and `melange` are no attributes of their own, but slips that are answered here and not by two errors.
#[proc_macro_derive(Event, attributes(event, events, melange))]
pub fn derive_event(item: TokenStream) -> TokenStream {
    event::derive(item.into()).into()
}

/// Makes a function, or the methods of an impl block, subscribers.
///
/// # A function
///
/// ```
/// use melange::{Event, Metadata, Outcome, State, subscriber};
/// # #[derive(serde::Serialize, serde::Deserialize, Event)]
/// # #[event(topic = "orders")]
/// # struct OrderPlaced { order_id: String }
/// # #[derive(serde::Serialize, serde::Deserialize, Event)]
/// # #[event(topic = "orders")]
/// # struct OrderCancelled { order_id: String }
/// # #[derive(Clone)]
/// # struct Mailer;
/// # impl Mailer { async fn receipt(&self, _: &str) -> Result<(), std::io::Error> { Ok(()) } }
///
/// #[subscriber(listens_to = OrderPlaced, retry(attempts = 5, backoff = "1s..5m"))]
/// async fn send_receipt(order: &OrderPlaced, State(mailer): State<Mailer>) -> Result<(), std::io::Error> {
///     mailer.receipt(&order.order_id).await
/// }
///
/// #[subscriber(listens_to = OrderPlaced, blocking)]
/// fn print_label(order: &OrderPlaced) {
///     println!("{}", order.order_id);
/// }
///
/// #[subscriber(listens_to = [OrderPlaced, OrderCancelled])]
/// async fn audit(placed: Option<&OrderPlaced>, meta: &Metadata) -> Outcome {
///     println!("{} {}", meta.event_id, placed.is_some());
///     Outcome::Done
/// }
/// ```
///
/// The function stays as it is. The macro adds a hidden type with the function's name, which
/// `melange::subscribers![..]` uses: a module, type or trait in the same scope must have another name.
///
/// # A value with several handlers, or with one
///
/// ```
/// use melange::{Event, subscriber};
/// # #[derive(serde::Serialize, serde::Deserialize, Event)]
/// # #[event(topic = "orders")]
/// # struct OrderPlaced {}
/// # #[derive(serde::Serialize, serde::Deserialize, Event)]
/// # #[event(topic = "orders")]
/// # struct OrderCancelled {}
///
/// struct Ledger;
///
/// #[subscriber(queue = "books")]
/// impl Ledger {
///     #[listens_to]
///     async fn placed(&self, order: &OrderPlaced) {}
///
///     #[listens_to(OrderCancelled, timeout = "5s")]
///     async fn cancelled(&self) {}
/// }
///
/// struct Counter;
///
/// #[subscriber(listens_to = OrderPlaced)]
/// impl Counter {
///     async fn process(&self, order: &OrderPlaced) {}
/// }
/// ```
///
/// # One value, several impl blocks
///
/// The handlers of one type may be in several blocks, in one file or in many. Each block after the first needs its own
/// number. One value of the type subscribes all of them.
///
/// ```
/// # use melange::{Event, subscriber};
/// # #[derive(serde::Serialize, serde::Deserialize, Event)]
/// # #[event(topic = "orders")]
/// # struct OrderPlaced {}
/// # #[derive(serde::Serialize, serde::Deserialize, Event)]
/// # #[event(topic = "orders")]
/// # struct OrderPaid {}
/// # struct Ledger;
/// #[subscriber]
/// impl Ledger {
///     #[listens_to]
///     async fn placed(&self, order: &OrderPlaced) {}
/// }
///
/// #[subscriber(part = 2, queue = "payments")]
/// impl Ledger {
///     #[listens_to]
///     async fn paid(&self, order: &OrderPaid) {}
/// }
///
/// let bus = melange::EventBus::builder().subscriber(Ledger).build()?;
/// assert_eq!(bus.subscribers().count(), 2);
/// # Ok::<(), melange::BuildErrors>(())
/// ```
///
/// # What values and their handlers need
///
/// Give the value to a builder: `.subscriber(Ledger)`. `#[listens_to]` infers the event from the first argument that is
/// `&E`, `Arc<E>` or `&Context<E>`, or names it; and it accepts the options below, for this handler only.
///
/// # Arguments and return types
///
/// Arguments are `&E`, `Arc<E>`, `&Metadata`, `Metadata`, `&Context<E>`, `State<T>`, `CancellationToken`, and `Option`
/// of these, in any order; also any type that implements `melange::FromContext`. A subscriber of several events takes
/// each as an `Option`.
///
/// It returns nothing, an `Outcome`, a `Result<(), E>` or a `Result<Outcome, E>`, where `E` is any error that is `Send`
/// and `Sync`, or a string. An error means: try again later.
///
/// # Options
///
/// | `#[subscriber(..)]` | |
/// |---|---|
/// | `listens_to = A`, `listens_to = [A, B]` | The events. |
/// | `name = "..."` | Its name in logs and dead letters; the function's name, or `Type::method` by default. |
/// | `queue = "billing"` | Its own queue: 1 to 80 letters, digits, `-` and `_`, with `.fifo` at the end for a FIFO queue. |
/// | `blocking` | Runs a sync function on a thread for blocking work. |
/// | `retry(attempts = 5, backoff = "1s..5m")` | The maximum number of attempts, and the shortest and longest wait between them. |
/// | `timeout = "30s"` | The maximum duration of one run, less than 12 hours. |
/// | `concurrency = 8` | The maximum number of concurrent runs. |
/// | `part = 2` | On an additional impl block of a type: its number, at most 16. The first block is 1, and need not say so. |
/// | `crate = path` | The path to Melange, if not `::melange`. |
///
/// Durations are whole numbers with `ms`, `s`, `m` or `h`, the largest unit first: `"500ms"`, `"1m30s"`.
#[proc_macro_attribute]
pub fn subscriber(options: TokenStream, item: TokenStream) -> TokenStream {
    subscriber::attribute(options.into(), item.into()).into()
}

/// Generated code only: for `#[listens_to]` that a macro makes where `#[subscriber]` has been already.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn __listens_to_unseen(_: TokenStream, item: TokenStream) -> TokenStream {
    subscriber::unseen(item.into()).into()
}

/// Generated code only: the same where that has been said.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn __listens_to_ignored(_: TokenStream, item: TokenStream) -> TokenStream {
    item
}

/// Generated code only: for the assert macros of `melange::testing`.
#[doc(hidden)]
#[proc_macro]
pub fn __type_or_pattern(input: TokenStream) -> TokenStream {
    wanted::type_or_pattern(input.into()).into()
}

/// Generated code only: for `melange::subscribers!`.
#[doc(hidden)]
#[proc_macro]
pub fn __functions(input: TokenStream) -> TokenStream {
    functions::named(input.into()).into()
}
