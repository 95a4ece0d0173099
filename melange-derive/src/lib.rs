//! The macros of Melange: `#[derive(Event)]` and `#[subscriber]`. Use them through the `melange` crate.
//!
//! Each macro goes through the same steps: parse what the user wrote, check it and collect every mistake, expand. When
//! there are mistakes the user's item is still there, with a stub beside it, so that one mistake is one error.

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

/// Makes a struct or an enum an event.
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
/// | `topic = "orders"` | Where it is published: 1 to 256 letters, digits, `-` and `_`, and `.fifo` at the end of a FIFO topic. Required, unless the event is `local`. |
/// | `name = "OrderPlaced"` | Its name on the wire: letters, digits and `_`, `-`, `.`, `:`, `/`. The type's name unless said otherwise. |
/// | `version = 2` | Its version on the wire. 1 unless said otherwise. |
/// | `alias = ["OldName"]` | Names it is also read under. |
/// | `upcast_from = [OrderPlacedV1]` | Older versions, events themselves, that it is made from: each needs `impl From<OrderPlacedV1> for OrderPlaced`, or `TryFrom` with an error. |
/// | `deprecated`, `deprecated = "publish OrderPlacedV2"` | Whoever publishes it is warned in the log, once for each process, with what to do instead. Subscribers are not. |
/// | `example = OrderPlaced { .. }` | A value of it, for documents and people; several may be given. |
/// | `local` | It stays in the process, and needs neither serde nor a topic. |
/// | `crate = path` | Where Melange is, if not at `::melange`. |
///
/// # On a field of a struct
///
/// | `#[event(..)]` | |
/// |---|---|
/// | `key` | Same key, same order: the group on FIFO topics, the lane of a bus. Anything that displays, but no floating-point number. |
/// | `dedup_id` | The deduplication id on FIFO topics; the event's id unless said otherwise. |
/// | `attribute`, `attribute = "name"` | Also sent beside the body, for filters: text, `bool`, an integer, an `Option` of these, or what implements `melange::IntoAttribute`. At most 4. |
/// | `topic` | Where this one event is published: text. The type's topic if it is empty. |
/// | `occurred_on` | When it happened: a `melange::Timestamp`, a `chrono::DateTime<Utc>` or a `SystemTime`. The moment of publishing unless said otherwise. |
///
/// # What else is noticed
///
/// Where the feature `schema` of Melange is on, doc comments of the type and its fields, the fields' types, Rust's own
/// `#[deprecated]`, and `schemars::JsonSchema` where the type derives it: see `melange::documents`.
///
/// # What can be an event
///
/// What owns its data and is `Send + Sync`, because queues keep events and subscribers share them. A generic type cannot,
/// because each of its types would need a name of its own: wrap the one you mean, as in
/// `struct UserChanged(Changed<User>);`.
///
/// A struct with named fields shares one JSON object with the envelope. So its fields may not be called
/// `event_type_name`, `event_id`, `event_version`, `occurred_on` or `topic` there, except for those marked as such, and
/// `#[serde(deny_unknown_fields)]` would refuse every message. Everything else travels under `data`.
///
/// Retries, dead letters and older builds bring back what was published, so an event reads what it writes. A field or a variant that
/// `#[serde(..)]` has written under one name and read under another is refused, unless an `alias` has the one that is written.
/// Where `Serialize` is written by hand, the names it writes are not seen here: give the field that name for both ways,
/// `#[serde(rename = "orderId")]`.
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
/// The function stays as it is. Beside it there is a hidden type of its name, by which `melange::subscribers![..]` finds
/// it: a module, type or trait in the same place must be called something else.
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
/// The handlers of one type may stand in several blocks, in one file or in many. The first need not say which it is, each of the
/// others has a number of its own. One value of the type brings them all.
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
/// The values are given to a builder, by `.subscriber(Ledger)`. `#[listens_to]` takes the event from the first argument that
/// is `&E`, `Arc<E>` or `&Context<E>`, or says it; and it may have all the options below, for this handler alone.
///
/// # Arguments and what may be returned
///
/// `&E`, `Arc<E>`, `&Metadata`, `Metadata`, `&Context<E>`, `State<T>`, `CancellationToken`, and `Option` of these, in any
/// order; also what implements `melange::FromContext`. A subscriber of several events takes each as an `Option`.
///
/// It returns nothing, an `Outcome`, a `Result<(), E>` or a `Result<Outcome, E>`, where `E` is any error that is `Send` and
/// `Sync`, or text. An error means: again later.
///
/// # Options
///
/// | `#[subscriber(..)]` | |
/// |---|---|
/// | `listens_to = A`, `listens_to = [A, B]` | The events. |
/// | `name = "..."` | What it is called in logs and dead letters; the function's name, or `Type::method`, unless said otherwise. |
/// | `queue = "billing"` | A queue of its own: 1 to 80 letters, digits, `-` and `_`, and `.fifo` at the end of a FIFO queue. |
/// | `blocking` | A function that is not async, on a thread for blocking work. |
/// | `retry(attempts = 5, backoff = "1s..5m")` | Times it is tried at most, and the shortest and the longest wait between. |
/// | `timeout = "30s"` | How long one run may take, less than 12 hours. |
/// | `concurrency = 8` | How many runs may be under way at once. |
/// | `part = 2` | On a further impl block of a type: its number, 16 at most. The first is 1, and need not say so. |
/// | `crate = path` | Where Melange is, if not at `::melange`. |
///
/// Lengths of time are whole numbers with `ms`, `s`, `m` or `h`, the largest unit first: `"500ms"`, `"1m30s"`.
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
