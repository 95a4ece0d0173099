//! Every rule of the start, one broken case each: its kind, what it names, its place, its fix.

#[path = "../by_hand/mod.rs"]
mod by_hand;
mod events;
mod linking;
mod subscribers;
mod transports;
mod whole;

use std::time::Duration;

use melange::__private::{Entry, Subscribers};
use melange::transport::{Capabilities, DeadLetter, Delivery, Message, Receipt, Topology, Transport, TransportError};
use melange::{BuildErrors, EventBus, Problem, ProblemKind, Registry, SubscriberDescriptor, SubscriberOptions, Upcast};
use serde::{Deserialize, Serialize};

use by_hand::{event, flat, here, listener, method};

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
    assert!(at.file().contains("tests/checks/") && at.line() > 1, "{at}");
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

// --- Aliases. ---

plain!(Renamed, RenamedV2, Other, OtherAlias);
event!(Renamed, "Renamed".with_topic("t").with_aliases(&["Former"]).with_codec(flat::<Self>()));
event!(RenamedV2, "Renamed".with_topic("t").with_version(2).with_aliases(&["Former"]).with_codec(flat::<Self>()));
event!(Other, "Former".with_topic("t").with_codec(flat::<Self>()));
event!(OtherAlias, "Other".with_topic("t").with_aliases(&["Former"]).with_codec(flat::<Self>()));

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

// --- Subscribers. ---

struct Mailer;

const fn with(options: SubscriberOptions) -> SubscriberDescriptor {
    listener::<Placed>("send_receipt", here!()).with_options(options)
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

// --- Linked subscribers of events that are not. ---

plain!(Unregistered);
event!(Unregistered, "Unregistered".with_topic("t").with_codec(flat::<Self>()));
const OF_UNREGISTERED: &[SubscriberDescriptor] = &[listener::<Unregistered>("hears_nothing", here!())];
melange::__register!(Entry::Subscribers(OF_UNREGISTERED));
melange::__register!(Entry::Event(<Placed as melange::Event>::DESCRIPTOR));
melange::__register!(Entry::Event(<Keyed as melange::Event>::DESCRIPTOR));

// --- Transports. ---

/// A transport that goes nowhere, but out of the process.
#[derive(Debug, Clone)]
struct Wire {
    capabilities: Capabilities,
    refused: Vec<Problem>,
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
    fn check(&self, _: &Topology) -> Result<(), Vec<Problem>> {
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
