//! Names of subscribers and queues that are not there: whatever is said of them must fail, and never pass.

use melange::testing::{Crash, Fault, TestAccount, TestBus, TestCall, TestErrorKind};
use melange::transport::memory::QueueSettings;
use melange::{
    Event, EventBus, assert_dead_lettered, assert_handled, assert_not_dead_lettered, assert_not_handled,
    assert_not_published, assert_not_rejected, assert_not_retried, assert_published, subscriber, subscribers,
};
use serde::{Deserialize, Serialize};

use crate::failure;

#[derive(Clone, Serialize, Deserialize, Event)]
#[event(topic = "orders")]
struct OrderPlaced {
    total_cents: u64,
}

#[derive(Clone, Serialize, Deserialize, Event)]
#[event(topic = "payments")]
struct PaymentDue {
    total_cents: u64,
}

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "clock")]
struct Ticked;

#[subscriber(listens_to = OrderPlaced)]
async fn send_receipt(_: &OrderPlaced) {}

#[subscriber(listens_to = PaymentDue, queue = "billing")]
async fn remind(_: &PaymentDue) {}

#[derive(Default)]
struct Ledger;

#[subscriber]
impl Ledger {
    #[listens_to]
    async fn placed(&self, _: &OrderPlaced) {}
}

const ORDER: OrderPlaced = OrderPlaced { total_cents: 4200 };

async fn shop() -> TestBus {
    let bus = TestBus::builder().subscribers(subscribers![send_receipt, remind]).subscriber(Ledger).start().await;
    bus.publish(ORDER).await.unwrap();
    bus.run_until_idle().await;
    bus
}

/// What the asserts say, in the order of the texts that must be in it.
macro_rules! says {
    ($($assert:expr => [$($part:expr),+]),+ $(,)?) => {$(
        let text = failure(async { $assert; }).await;
        for part in [$($part),+] {
            assert!(text.contains(part), "{part} is not in: {text}");
        }
    )+};
}

#[tokio::test(start_paused = true)]
async fn who_is_not_there_is_not_asserted_of() {
    let bus = shop().await;
    let there_are = "no subscriber of OrderPlaced is called `send_recipt`: there are `Ledger::placed`, `send_receipt`; did \
                     you mean `send_receipt`?";
    says! {
        assert_not_handled!(bus, OrderPlaced, by = "send_recipt") => [
            "wanted `OrderPlaced` handled by `send_recipt` never, but ", there_are, "attempts on OrderPlaced:"
        ],
        assert_not_handled!(bus, OrderPlaced { total_cents: 1 }, by = "typo") => ["`Ledger::placed`, `send_receipt`\n"],
        assert_handled!(bus, OrderPlaced, by = "send_recipt") => [there_are],
        assert_handled!(bus, OrderPlaced, by = "send_recipt", times = 0) => [there_are],
        assert_handled!(bus, OrderPlaced, by = "send_recipt", at_least = 2) => [there_are],
        assert_not_retried!(bus, OrderPlaced, by = "send_recipt") => [there_are],
        assert_not_rejected!(bus, |_: &OrderPlaced| true, by = "send_recipt") => [there_are],
        assert_not_dead_lettered!(bus, OrderPlaced, by = "send_recipt") => [there_are],
        assert_dead_lettered!(bus, OrderPlaced, by = "send_recipt") => [there_are],
        assert_not_handled!(bus, OrderPlaced, by = "Ledger::place") => ["did you mean `Ledger::placed`?"],
        drop(bus.handled_by::<OrderPlaced>("send_recipt")) => [there_are],
        drop(bus.account().handled_by::<OrderPlaced>("")) => ["is called ``"],
    }
    assert_not_retried!(bus, OrderPlaced, by = "send_receipt");
    assert_not_handled!(bus, PaymentDue, by = "remind");
    assert!(bus.handled_by::<PaymentDue>("remind").is_empty());
}

#[tokio::test(start_paused = true)]
async fn whoever_listens_to_something_else_is_not_there_either() {
    let bus = shop().await;
    says! {
        assert_not_handled!(bus, OrderPlaced, by = "remind") => [
            "no subscriber of OrderPlaced is called `remind`: there are `Ledger::placed`, `send_receipt`; one of that name listens \
             to PaymentDue"
        ],
        assert_not_handled!(bus, PaymentDue, by = "send_receipt") => [
            "no subscriber of PaymentDue is called `send_receipt`: there is `remind`; one of that name listens to OrderPlaced"
        ],
        assert_not_handled!(bus, Ticked, by = "tick") => ["no subscriber of Ticked is called `tick`: there is none at all"],
    }
    // That nobody listens can be so.
    assert_not_handled!(bus, Ticked);
    let account = TestAccount::new();
    says! { assert_not_handled!(account, OrderPlaced, by = "send_receipt") => ["there is none at all"] }
}

#[tokio::test(start_paused = true)]
async fn no_queue_that_is_not_there_is_asserted_of() {
    let bus = shop().await;
    let no_queue = "no bus of this account consumes from a queue `biling`: there are `billing`, `melange`; did you mean `billing`?";
    says! {
        assert_not_handled!(bus, PaymentDue, queue = "biling") => [no_queue],
        assert_not_dead_lettered!(bus, PaymentDue, queue = "biling") => [no_queue],
        assert_not_published!(bus, PaymentDue, queue = "biling") => [no_queue],
        // The letters of a queue are asked for by its own name.
        assert_not_dead_lettered!(bus, PaymentDue, queue = "billing-dlq") => ["a queue `billing-dlq`"],
    }
    assert_not_handled!(bus, PaymentDue, queue = "billing");
    assert_not_published!(bus, PaymentDue, queue = "billing");
    // Other programs have queues, too.
    bus.memory().account().create_queue("audit", QueueSettings::new()).unwrap();
    assert_not_published!(bus, OrderPlaced, queue = "audit");
    bus.send_to("audit", ORDER).await.unwrap();
    assert_published!(bus, OrderPlaced, queue = "audit", times = 1);
}

#[tokio::test(start_paused = true)]
async fn who_was_there_is_still_known() {
    let account = TestAccount::new();
    let bus = account.start(EventBus::builder().subscribers(subscribers![send_receipt])).await;
    bus.crash();
    drop(bus);
    assert_not_handled!(account, OrderPlaced, by = "send_receipt");
}

#[tokio::test(start_paused = true)]
async fn a_fault_that_can_never_happen_is_refused() {
    let bus = shop().await;
    let crash = |at| Fault::crash(at);
    says! {
        bus.inject(crash(Crash::AfterHandler).in_subscriber("send_recipt")) => [
            "the fault \"crash after a handler in `send_recipt`\" can never happen: no subscriber is called `send_recipt`: there \
             are `Ledger::placed`, `remind`, `send_receipt`; did you mean `send_receipt`?"
        ],
        bus.inject(crash(Crash::BeforeHandler).of::<PaymentDue>().in_subscriber("send_receipt")) => [
            "no subscriber of PaymentDue is called `send_receipt`: there is `remind`; one of that name listens to OrderPlaced"
        ],
        bus.inject(Fault::lose_ack().in_subscriber("send_receipt")) => [
            "the fault \"lose an ack in `send_receipt`\" can never happen: no subscriber is there when it happens: leave out \
             `in_subscriber`"
        ],
        bus.inject(crash(Crash::BeforeAck).in_subscriber("send_receipt")) => ["leave out `in_subscriber`"],
        bus.inject(Fault::fail_receive().of::<OrderPlaced>()) => ["no event is known before it is received: leave out `of`"],
        bus.inject(Fault::lose_ack().on_queue("biling")) => [
            "no bus of this account consumes from a queue `biling`: there are `billing`, `melange`; did you mean `billing`?"
        ],
    }
    assert!(bus.faults_left().is_empty());
    bus.inject(Fault::fail_dead_letter().in_subscriber("Ledger"));
    bus.inject(crash(Crash::BeforeDeadLetter).in_subscriber("placed").of::<OrderPlaced>());
    bus.inject(crash(Crash::BeforeHandler).in_subscriber("remind"));
    assert_eq!(bus.faults_left().len(), 3);
}

/// Before the first bus nobody can be known.
#[tokio::test(start_paused = true)]
async fn a_fault_of_before_is_asked_about_once_there_is_a_bus() {
    for (name, is_there) in [("send_receipt", true), ("send_recipt", false)] {
        let account = TestAccount::new();
        account.inject(Fault::crash(Crash::AfterHandler).in_subscriber(name));
        let bus = account.start(EventBus::builder().subscribers(subscribers![send_receipt])).await;
        bus.publish(ORDER).await.unwrap();
        let why = bus.try_run_until_idle().await.unwrap_err();
        assert_eq!(why.kind(), if is_there { TestErrorKind::Crashed } else { TestErrorKind::NoSuchName }, "{why}");
        assert!(is_there || why.to_string().contains("there is `send_receipt`"), "{why}");
    }
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "no subscriber of OrderPlaced is called `send_recipt`: there is `send_receipt`")]
async fn nobody_alone_is_called_so() {
    TestCall::function(subscribers![send_receipt]).named("send_recipt").run(ORDER).await;
}
