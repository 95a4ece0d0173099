//! Every rule of the start, one broken case each: its kind, what it names, its place, its fix.

mod by_hand;

use std::sync::Arc;
use std::time::Duration;

use by_hand::{Codec, event, flat, functions, here, listener, listeners, method, needy};
use melange::__private::{Entry, Subscribers};
use melange::transport::{Capabilities, DeadLetter, Delivery, Message, Receipt, Topology, Transport, TransportError};
use melange::{
    BuildErrors, EventBus, EventSerializer, MessageConsumer, Outcome, Problem, ProblemKind, Registry, RetryPolicy,
    State, SubscriberDescriptor, SubscriberOptions, Upcast, crates,
};
use serde::{Deserialize, Serialize};

macro_rules! plain {
    ($($type:ident),* $(,)?) => {$(
        #[derive(Debug, Clone, Default, Serialize, Deserialize)]
        struct $type {}
    )*};
}

// --- What is asked of every problem. ---

/// The only problem there is, which is of this kind, says these words, and has a place and a fix.
#[track_caller]
fn the_only(result: Result<(), BuildErrors>, kind: ProblemKind, words: &[&str]) -> Problem {
    let problem = the_only_unplaced(result, kind, words);
    let at = problem.location().unwrap();
    assert!(at.file().ends_with("checks.rs") && at.line() > 1, "{at}");
    assert!(problem.to_string().starts_with(&format!("{at}: ")), "{problem}");
    problem
}

/// The same, without a place.
#[track_caller]
fn the_only_unplaced(result: Result<(), BuildErrors>, kind: ProblemKind, words: &[&str]) -> Problem {
    let errors = result.expect_err("something is wrong");
    assert_eq!(errors.iter().count(), 1, "{errors}");
    let problem = errors.iter().next().unwrap().clone();
    assert_eq!(problem.kind(), kind, "{problem}");
    assert!(errors.has(kind) && errors.to_string().starts_with("1 problem: "), "{errors}");
    for word in words {
        assert!(problem.to_string().contains(word), "`{word}` is not in: {problem}");
    }
    assert!(problem.fix().len() > 10 && problem.to_string().contains(problem.fix()), "{problem}");
    problem
}

/// What the registry's own check and what a bus say of it; they must say the same.
#[track_caller]
fn checked(functions: melange::Functions) -> Result<(), BuildErrors> {
    let check = Registry::of(functions).check();
    let build = EventBus::builder().subscribers(functions).build().map(drop);
    assert_eq!(check, build);
    check
}

// --- Two events with one name and version. ---

plain!(Placed, PlacedAgain, PlacedV2);
event!(Placed, "Placed".with_topic("orders").with_codec(flat::<Self>()));
event!(PlacedAgain, "Placed".with_topic("returns").with_codec(flat::<Self>()));
event!(PlacedV2, "Placed".with_topic("orders").with_version(2).with_codec(flat::<Self>()));

#[test]
fn what_is_right_has_no_problems() {
    checked(listeners![Placed]).unwrap();
}

#[test]
fn two_events_of_one_name_and_version_are_refused_with_both_places() {
    let problem = the_only(
        checked(listeners![Placed, PlacedAgain]),
        ProblemKind::DuplicateEvent,
        &["Placed v1", "`PlacedAgain`", "`Placed`", "#[event(name"],
    );
    assert_eq!(problem.to_string().matches("checks.rs:").count(), 2, "{problem}");
}

#[test]
fn a_serializer_refuses_two_events_of_one_name_and_version() {
    let serializer = EventSerializer::of(&Registry::of(listeners![Placed, PlacedAgain]));
    the_only(serializer.map(drop), ProblemKind::DuplicateEvent, &["Placed v1"]);
}

#[test]
fn two_versions_of_one_name_may_live_side_by_side() {
    checked(listeners![Placed, PlacedV2]).unwrap();
}

#[test]
fn several_subscribers_of_one_event_are_no_problem() {
    checked(listeners![Placed, Placed]).unwrap();
}

// --- Aliases. ---

plain!(Renamed, RenamedV2, Other, OtherAlias);
event!(Renamed, "Renamed".with_topic("t").with_aliases(&["Former"]).with_codec(flat::<Self>()));
event!(RenamedV2, "Renamed".with_topic("t").with_version(2).with_aliases(&["Former"]).with_codec(flat::<Self>()));
event!(Other, "Former".with_topic("t").with_codec(flat::<Self>()));
event!(OtherAlias, "Other".with_topic("t").with_aliases(&["Former"]).with_codec(flat::<Self>()));

#[test]
fn an_alias_that_is_the_name_of_another_event_is_refused() {
    let result = checked(listeners![Renamed, Other]);
    the_only(result, ProblemKind::AliasCollision, &["Renamed v1", "\"Former\"", "Former v1", "drop the alias"]);
}

#[test]
fn an_alias_that_two_events_have_is_refused_at_both() {
    let errors = checked(listeners![Renamed, OtherAlias]).unwrap_err();
    let kinds: Vec<_> = errors.iter().map(Problem::kind).collect();
    assert_eq!(kinds, [ProblemKind::AliasCollision, ProblemKind::AliasCollision], "{errors}");
}

#[test]
fn versions_of_one_event_share_their_aliases() {
    checked(listeners![Renamed, RenamedV2]).unwrap();
}

// --- Upcasts. ---

plain!(V1, V2, V3, V3FromV1, Backwards, Level, Foreign, FromForeign, FromForeignByAlias);
event!(V1, "Versioned".with_topic("t").with_codec(flat::<Self>()));
event!(
    V2,
    "Versioned".with_topic("t").with_version(2).with_upcasts(&[Upcast::of::<V1, Self>()]).with_codec(flat::<Self>())
);
event!(
    V3,
    "Versioned".with_topic("t").with_version(3).with_upcasts(&[Upcast::of::<V2, Self>()]).with_codec(flat::<Self>())
);
event!(
    V3FromV1,
    "Versioned".with_topic("t").with_version(3).with_upcasts(&[Upcast::of::<V1, Self>()]).with_codec(flat::<Self>())
);
event!(
    Backwards,
    "Versioned".with_topic("t").with_version(1).with_upcasts(&[Upcast::of::<V2, Self>()]).with_codec(flat::<Self>())
);
event!(
    Level,
    "Versioned".with_topic("t").with_version(2).with_upcasts(&[Upcast::of::<V2, Self>()]).with_codec(flat::<Self>())
);
event!(Foreign, "Foreign".with_topic("t").with_codec(flat::<Self>()));
event!(
    FromForeign,
    "Native".with_topic("t").with_version(2).with_upcasts(&[Upcast::of::<Foreign, Self>()]).with_codec(flat::<Self>())
);
event!(
    FromForeignByAlias,
    "Native"
        .with_topic("t")
        .with_version(2)
        .with_aliases(&["Foreign"])
        .with_upcasts(&[Upcast::of::<Foreign, Self>()])
        .with_codec(flat::<Self>())
);

macro_rules! upcasts {
    ($($old:ident => $new:ident),* $(,)?) => {$(
        impl From<$old> for $new {
            fn from(_: $old) -> Self {
                Self {}
            }
        }
    )*};
}
upcasts!(V1 => V2, V2 => V3, V1 => V3FromV1, V2 => Backwards, V2 => Level, Foreign => FromForeign, Foreign => FromForeignByAlias);

#[test]
fn a_whole_chain_of_versions_is_no_problem() {
    checked(listeners![V3]).unwrap();
    checked(listeners![V3, V2, V1]).unwrap();
}

#[test]
fn a_hole_in_a_chain_of_versions_is_refused() {
    let result = checked(listeners![V3FromV1]);
    the_only(result, ProblemKind::UpcastGap, &["Versioned v3", "from v1 but not from v2", "`upcast_from`"]);
}

#[test]
fn a_chain_of_versions_that_runs_backwards_is_refused() {
    let result = checked(listeners![Backwards]);
    the_only(result, ProblemKind::UpcastGap, &["Versioned v1", "Versioned v2 (`V2`)", "not older", "`version`"]);
}

#[test]
fn a_version_made_from_one_of_the_same_number_is_refused() {
    let result = checked(listeners![Level]);
    the_only(result, ProblemKind::UpcastGap, &["Versioned v2", "(`V2`)", "not older"]);
}

#[test]
fn an_older_version_of_another_name_is_refused() {
    let result = checked(listeners![FromForeign]);
    the_only(result, ProblemKind::UpcastGap, &["Native v2", "Foreign v1 (`Foreign`)", "another name", "`alias`"]);
}

#[test]
fn an_older_version_of_another_name_is_fine_under_an_alias() {
    checked(listeners![FromForeignByAlias]).unwrap();
}

// --- Shapes and names of events. ---

plain!(Keyless, Keyed, Crowded, Full, BadTopic, LongTopic, NoTopicName, DottedTopic);
event!(Keyless, "Keyless".with_topic("steps.fifo").with_codec(flat::<Self>()));
event!(Keyed, "Keyed".with_topic("steps.fifo").with_key().with_codec(flat::<Self>()));
event!(Crowded, "Crowded".with_topic("t").with_attributes(&["a", "b", "c", "d", "e"]).with_codec(flat::<Self>()));
event!(Full, "Full".with_topic("t").with_attributes(&["a", "b", "c", "d"]).with_codec(flat::<Self>()));
event!(BadTopic, "BadTopic".with_topic("my orders").with_codec(flat::<Self>()));
event!(DottedTopic, "DottedTopic".with_topic("my.orders").with_codec(flat::<Self>()));
event!(NoTopicName, "NoTopicName".with_topic(".fifo").with_key().with_codec(flat::<Self>()));
const LONG: &str = match std::str::from_utf8(&[b'x'; 257]) {
    Ok(long) => long,
    Err(_) => "",
};
event!(LongTopic, "LongTopic".with_topic(LONG).with_codec(flat::<Self>()));

#[test]
fn a_fifo_topic_needs_a_key() {
    let result = checked(listeners![Keyless]);
    the_only(result, ProblemKind::FifoWithoutKey, &["Keyless v1", "\"steps.fifo\"", "#[event(key)]"]);
    checked(listeners![Keyed]).unwrap();
}

#[test]
fn more_than_eight_attributes_are_refused() {
    let result = checked(listeners![Crowded]);
    the_only(result, ProblemKind::TooManyAttributes, &["Crowded v1", "5 fields", "own 4", "at most 4"]);
    checked(listeners![Full]).unwrap();
}

#[test]
fn topics_that_sns_would_refuse_are_refused() {
    the_only(checked(listeners![BadTopic]), ProblemKind::IllegalName, &["BadTopic v1", "\"my orders\"", "SNS"]);
    the_only(checked(listeners![DottedTopic]), ProblemKind::IllegalName, &["\"my.orders\""]);
    the_only(checked(listeners![NoTopicName]), ProblemKind::IllegalName, &["\".fifo\""]);
    the_only(checked(listeners![LongTopic]), ProblemKind::IllegalName, &["256"]);
}

// --- Subscribers. ---

struct Mailer;

const fn with(options: SubscriberOptions) -> SubscriberDescriptor {
    listener::<Placed>("send_receipt", here!()).with_options(options)
}

#[test]
fn queues_that_sqs_would_refuse_are_refused() {
    let words = ["`send_receipt`", "\"my queue\"", "SQS", "1 to 80"];
    let result = checked(functions![with(SubscriberOptions::new().with_queue("my queue"))]);
    the_only(result, ProblemKind::IllegalName, &words);
    const LONG_QUEUE: &str = LONG.split_at(81).0;
    let result = checked(functions![with(SubscriberOptions::new().with_queue(LONG_QUEUE))]);
    the_only(result, ProblemKind::IllegalName, &["`send_receipt`"]);
    let result = checked(functions![with(SubscriberOptions::new().with_queue(""))]);
    the_only(result, ProblemKind::IllegalName, &["\"\""]);
}

#[test]
fn zero_attempts_and_zero_concurrency_are_refused() {
    const NEVER: RetryPolicy = RetryPolicy::new(0, Duration::ZERO, Duration::ZERO);
    let words = ["`send_receipt`", "never run", "at least 1"];
    the_only(checked(functions![with(SubscriberOptions::new().with_retry(NEVER))]), ProblemKind::IllegalOption, &words);
    the_only(
        checked(functions![with(SubscriberOptions::new().with_concurrency(0))]),
        ProblemKind::IllegalOption,
        &words,
    );
}

#[test]
fn a_bus_that_may_hold_no_message_is_refused() {
    let result = EventBus::builder().subscribers(listeners![Placed]).concurrency(0).build();
    the_only_unplaced(result.map(drop), ProblemKind::IllegalOption, &["concurrency of zero"]);
}

#[test]
fn an_argument_that_can_never_be_had_is_refused() {
    let result = checked(functions![needy::<Placed>("either", here!(), |needs| needs.listens_to::<Other>())]);
    the_only(result, ProblemKind::ImpossibleArgument, &["`either`", "checks::Other", "`listens_to`"]);
}

#[test]
fn an_argument_of_another_event_is_fine_for_a_subscriber_of_both() {
    const AT: melange::Location = here!();
    checked(functions![
        needy::<Placed>("either", AT, |needs| needs.listens_to::<Other>()),
        needy::<Other>("either", AT, |needs| needs.listens_to::<Placed>()),
    ])
    .unwrap();
}

#[test]
fn a_missing_state_is_named_with_its_type() {
    let wants_mailer = functions![needy::<Placed>("send_receipt", here!(), |needs| needs.state::<Mailer>())];
    Registry::of(wants_mailer).check().unwrap();
    let result = EventBus::builder().subscribers(wants_mailer).build().map(drop);
    let words = ["`send_receipt`", "State<checks::Mailer>", "`.state(..)`"];
    the_only(result, ProblemKind::MissingState, &words);
    let given = EventBus::builder().subscribers(wants_mailer).state(Arc::new(Mailer)).build().map(drop);
    the_only(given, ProblemKind::MissingState, &words);
}

#[test]
fn a_missing_state_of_a_closure_is_at_the_closure() {
    let closure = |_: Arc<Placed>, _: State<u64>| async {};
    let (bus, line) = (EventBus::builder().subscribe(closure), line!());
    let result = bus.build().map(drop);
    let problem = the_only(result, ProblemKind::MissingState, &["State<u64>"]);
    assert_eq!(problem.location().unwrap().line(), line, "{problem}");
    EventBus::builder().subscribe(closure).state(7_u64).build().unwrap();
}

#[test]
fn a_state_that_is_given_twice_is_refused() {
    let result = EventBus::builder().subscribers(listeners![Placed]).state(1_u64).state(2_u64).build();
    the_only_unplaced(result.map(drop), ProblemKind::GivenTwice, &["`u64`", "twice"]);
}

// --- Values. ---

struct Ledger;

impl Subscribers for Ledger {
    const SUBSCRIBERS: &'static [SubscriberDescriptor] = &[
        method::<Ledger, Placed>("Ledger::placed", "Ledger", here!()),
        method::<Ledger, Keyed>("Ledger::keyed", "Ledger", here!()),
    ];
}

melange::__register!(Entry::Subscribers(Ledger::SUBSCRIBERS));

fn is_ledger(subscriber: &SubscriberDescriptor) -> bool {
    subscriber.instance_type() == Some("Ledger")
}

#[test]
fn a_linked_impl_without_its_value_is_one_problem_that_names_it() {
    let result = EventBus::builder().linked_where(is_ledger).build().map(drop);
    the_only(result, ProblemKind::MissingInstance, &["`Ledger`", "`.subscriber(Ledger..)`", "`.linked_where(..)`"]);
}

#[test]
fn a_linked_impl_with_its_value_is_no_problem() {
    EventBus::builder().linked_where(is_ledger).subscriber(Ledger).build().unwrap();
    EventBus::builder().subscriber(Arc::new(Ledger)).linked_where(is_ledger).build().unwrap();
}

#[test]
fn a_linked_impl_that_is_not_wanted_needs_no_value() {
    EventBus::builder().linked_where(|_| false).build().unwrap();
}

#[test]
fn a_value_that_is_given_twice_is_refused() {
    let result = EventBus::builder().subscriber(Ledger).subscriber(Ledger).build().map(drop);
    the_only(result, ProblemKind::GivenTwice, &["`Ledger`", "twice"]);
}

// --- Linked subscribers of events that are not. ---

plain!(Unregistered);
event!(Unregistered, "Unregistered".with_topic("t").with_codec(flat::<Self>()));
const OF_UNREGISTERED: &[SubscriberDescriptor] = &[listener::<Unregistered>("hears_nothing", here!())];
melange::__register!(Entry::Subscribers(OF_UNREGISTERED));
melange::__register!(Entry::Event(<Placed as melange::Event>::DESCRIPTOR));
melange::__register!(Entry::Event(<Keyed as melange::Event>::DESCRIPTOR));

#[test]
fn a_subscriber_of_an_event_that_is_not_registered_is_refused() {
    let words = ["`hears_nothing`", "Unregistered v1 (`Unregistered`)", "derive `Event`"];
    the_only(Registry::linked().unwrap().check(), ProblemKind::UnknownEvent, &words);
}

// --- Crates. ---

#[test]
fn a_named_crate_that_brings_nothing_is_refused() {
    let named = Registry::of(listeners![Placed]).crates(crates![serde]);
    let words = ["`serde`", "crates![..]", "#[derive(Event)]"];
    the_only_unplaced(named.check(), ProblemKind::SilentCrate, &words);
    let bus = EventBus::builder().crates(crates![serde]).subscribers(listeners![Placed]).build();
    the_only_unplaced(bus.map(drop), ProblemKind::SilentCrate, &words);
}

#[test]
fn crates_are_checked_whether_they_are_named_before_or_after_linking() {
    for builder in [
        EventBus::builder().crates(crates![serde]).linked_where(|_| false),
        EventBus::builder().linked_where(|_| false).crates(crates![serde]),
    ] {
        the_only_unplaced(builder.build().map(drop), ProblemKind::SilentCrate, &["`serde`"]);
    }
}

// --- Transports. ---

/// A transport that goes nowhere, but out of the process.
#[derive(Debug, Clone)]
struct Wire {
    capabilities: Capabilities,
    refused: Vec<String>,
}

impl Wire {
    fn new() -> Self {
        Self { capabilities: Capabilities::wire("carrier pigeons"), refused: Vec::new() }
    }
}

impl Transport for Wire {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }
    fn own_queue(&self) -> &str {
        "pigeons"
    }
    fn check(&self, _: &Topology) -> Result<(), Vec<String>> {
        if self.refused.is_empty() { Ok(()) } else { Err(self.refused.clone()) }
    }
    async fn prepare(&self, _: &Topology) -> Result<(), TransportError> {
        Ok(())
    }
    async fn publish(&self, messages: Vec<Message>) -> Vec<Result<(), TransportError>> {
        messages.iter().map(|_| Ok(())).collect()
    }
    async fn receive(&self, _: &str, _: usize, wait: Duration) -> Result<Vec<Delivery>, TransportError> {
        tokio::time::sleep(wait).await;
        Ok(Vec::new())
    }
    async fn delete(&self, _: &str, receipts: Vec<Receipt>) -> Vec<Result<(), TransportError>> {
        receipts.iter().map(|_| Ok(())).collect()
    }
    async fn change_visibility(&self, _: &str, receipts: Vec<(Receipt, Duration)>) -> Vec<Result<(), TransportError>> {
        receipts.iter().map(|_| Ok(())).collect()
    }
    async fn dead_letter(&self, _: &str, _: &Delivery, _: &DeadLetter) -> Result<(), TransportError> {
        Ok(())
    }
}

plain!(Ticked);
event!(Ticked, "Ticked");

#[test]
fn a_local_event_may_not_go_over_a_wire() {
    let words = ["`Ticked`", "Ticked v1", "local", "carrier pigeons", "in-process bus"];
    let bus = EventBus::builder().transport(Wire::new()).subscribers(listeners![Ticked]).build();
    the_only(bus.map(drop), ProblemKind::LocalOnWire, &words);
    let consumer = MessageConsumer::builder().subscribers(listeners![Ticked]).transport(Wire::new()).build();
    the_only(consumer.map(drop), ProblemKind::LocalOnWire, &words);
}

#[test]
fn a_time_out_beyond_what_a_message_can_be_kept_for_is_refused() {
    const HOUR: Duration = Duration::from_secs(3600);
    let long = functions![with(SubscriberOptions::new().with_timeout(HOUR))];
    EventBus::builder().transport(Wire::new()).subscribers(long).build().unwrap();
    let mut short = Wire::new();
    short.capabilities.max_in_hand = HOUR;
    let result = EventBus::builder().transport(short).subscribers(long).build().map(drop);
    the_only(result, ProblemKind::TimeoutTooLong, &["`send_receipt`", "3600s", "`timeout`"]);
}

#[test]
fn names_that_a_transport_refuses_are_all_reported() {
    let mut picky = Wire::new();
    picky.refused = vec!["topic \"a\" is too short".to_owned(), "queue \"b\" is taken".to_owned()];
    let result = EventBus::builder().transport(picky).subscribers(listeners![Placed]).build();
    let errors = result.map(drop).unwrap_err();
    assert_eq!(errors.iter().filter(|problem| problem.kind() == ProblemKind::IllegalName).count(), 2, "{errors}");
    assert!(errors.to_string().contains("too short") && errors.to_string().contains("taken"), "{errors}");
}

#[test]
fn a_fifo_queue_of_a_standard_topic_is_refused() {
    let result =
        EventBus::builder().subscribers(functions![with(SubscriberOptions::new().with_queue("billing.fifo"))]).build();
    the_only_unplaced(result.map(drop), ProblemKind::IllegalName, &["`billing.fifo`", "`orders`"]);
}

// --- All of it at once. ---

#[test]
fn all_problems_come_at_once_in_the_order_of_their_places() {
    let bus = EventBus::builder()
        .subscribers(listeners![Keyless, Crowded, BadTopic, V3FromV1, Backwards, Placed, PlacedAgain, Ticked])
        .subscribers(functions![needy::<Placed>("send_receipt", here!(), |needs| needs.state::<Mailer>())])
        .subscriber(Ledger)
        .subscriber(Ledger)
        .crates(crates![serde])
        .transport(Wire::new())
        .concurrency(0);
    let errors = bus.build().map(drop).unwrap_err();
    let mut kinds: Vec<ProblemKind> = errors.iter().map(Problem::kind).collect();
    let places: Vec<_> = errors.iter().map(Problem::location).collect();
    assert!(places.is_sorted(), "{errors}");
    kinds.sort();
    use ProblemKind as Kind;
    let mut expected = [
        Kind::DuplicateEvent,
        Kind::UpcastGap,
        Kind::UpcastGap,
        Kind::MissingState,
        Kind::GivenTwice,
        Kind::LocalOnWire,
        Kind::FifoWithoutKey,
        Kind::TooManyAttributes,
        Kind::IllegalName,
        Kind::IllegalOption,
        Kind::SilentCrate,
    ];
    expected.sort();
    assert_eq!(kinds, expected, "{errors}");
    let text = errors.to_string();
    assert!(text.starts_with("11 problems:\n  1. "), "{text}");
    assert!(text.contains("\n  11. ") && text.matches("fix: ").count() == 11, "{text}");
}

#[test]
fn the_same_problem_is_said_once() {
    let errors = checked(listeners![Keyless, Keyless, Keyless]).unwrap_err();
    assert_eq!(errors.iter().count(), 1, "{errors}");
}

#[test]
fn a_closure_that_returns_an_outcome_and_a_state_that_is_optional_need_nothing() {
    EventBus::builder()
        .subscribe(|_: &Placed| Outcome::Done)
        .subscribe(|_: Arc<Placed>, _: Option<State<u64>>| async { Outcome::Reject })
        .build()
        .unwrap();
}

#[test]
fn a_codec_says_how_it_lays_events_out() {
    let codec: Codec = flat::<Placed>();
    assert!(format!("{codec:?}").contains("Flat"));
}
