//! Publishing to SNS and sending to SQS, on the local AWS server.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::future::IntoFuture as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use melange::transport::TransportErrorKind;
use melange::{Event, EventBus, MessagePublisher, Metadata};
use melange_aws::{Aws, Provision};
use melange_tests::server;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "orders")]
struct OrderPlaced {
    #[event(key)]
    order: String,
    number: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "steps.fifo")]
struct Step {
    #[event(key)]
    order: String,
    number: u64,
}

/// A bus whose subscriber notes what arrives: ids, and the numbers of each order in the order they came.
struct Notes {
    bus: EventBus,
    ids: Arc<Mutex<Vec<String>>>,
    numbers: Arc<Mutex<BTreeMap<String, Vec<u64>>>>,
}

impl Notes {
    async fn on<E: Event>(aws: &Aws, queue: &str, read: fn(&E) -> (&str, u64)) -> Self {
        let (ids, numbers) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<Mutex<BTreeMap<_, Vec<_>>>>::default());
        let (seen, order) = (Arc::clone(&ids), Arc::clone(&numbers));
        let note = move |event: Arc<E>, meta: Metadata| {
            let (key, number) = read(&event);
            seen.lock().unwrap().push(meta.event_id.to_string());
            order.lock().unwrap().entry(key.to_owned()).or_default().push(number);
            async {}
        };
        let transport = aws.queue(queue).provision(Provision::Create);
        let bus = EventBus::builder().subscribe(note).transport(transport).wait(Duration::from_secs(2));
        let bus = bus.build().unwrap();
        bus.start().await.unwrap();
        Self { bus, ids, numbers }
    }

    /// Waits until that many have arrived, and a little longer for what ought not to come.
    async fn wait_for(&self, count: usize) {
        let enough = async {
            while self.ids.lock().unwrap().len() < count {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let in_time = tokio::time::timeout(Duration::from_secs(60), enough).await.is_ok();
        assert!(in_time, "{} of {count} arrived", self.ids.lock().unwrap().len());
        tokio::time::sleep(Duration::from_millis(500)).await;
    }

    async fn stop(&self) {
        self.bus.shutdown(Duration::from_secs(20)).await.unwrap();
    }
}

async fn aws() -> Aws {
    Aws::from_config(&server::config().await).prefix(server::unique())
}

fn placed(order: &str, number: u64) -> OrderPlaced {
    OrderPlaced { order: order.to_owned(), number }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the local AWS server: run `cargo xtask test`"]
async fn five_hundred_concurrent_publishes_arrive_each_once() {
    let aws = aws().await;
    let notes = Notes::on::<OrderPlaced>(&aws, "billing", |event| (&event.order, event.number)).await;
    let publisher = MessagePublisher::new(aws);
    let begun = Instant::now();
    let publishing: Vec<_> = (0..500)
        .map(|number| {
            let publisher = publisher.clone();
            tokio::spawn(async move { publisher.publish(placed(&format!("o-{}", number % 7), number)).await })
        })
        .collect();
    let mut published = HashSet::new();
    for one in publishing {
        assert!(published.insert(one.await.unwrap().unwrap().to_string()));
    }
    println!("500 concurrent publishes took {:?}", begun.elapsed());
    notes.wait_for(500).await;
    let ids = notes.ids.lock().unwrap().clone();
    assert_eq!(ids.len(), 500);
    assert_eq!(ids.into_iter().collect::<HashSet<_>>(), published);
    notes.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the local AWS server: run `cargo xtask test`"]
async fn twenty_groups_arrive_in_order() {
    let aws = aws().await;
    let notes = Notes::on::<Step>(&aws, "steps.fifo", |event| (&event.order, event.number)).await;
    let publisher = MessagePublisher::new(aws);
    let steps = (0..200).map(|n| Step { order: format!("o {}", n % 20), number: n / 20 });
    let begun = Instant::now();
    let answers = publisher.publish_all(steps).await;
    println!("200 events of 20 groups took {:?}", begun.elapsed());
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    notes.wait_for(200).await;
    let numbers = notes.numbers.lock().unwrap().clone();
    assert_eq!(numbers.len(), 20);
    for (group, numbers) in numbers {
        assert_eq!(numbers, (0..10).collect::<Vec<_>>(), "group {group}");
    }
    notes.stop().await;
}

#[tokio::test]
#[ignore = "needs the local AWS server: run `cargo xtask test`"]
async fn what_is_sent_to_a_queue_is_wrapped_as_python_reads_it_and_read_back() {
    let config = server::config().await;
    let prefix = server::unique();
    let aws = Aws::from_config(&config).prefix(&prefix);
    let sqs = aws_sdk_sqs::Client::new(&config);
    let url = sqs.create_queue().queue_name(format!("{prefix}raw")).send().await.unwrap().queue_url.unwrap();
    let publisher = MessagePublisher::new(aws.clone());
    let event_id = publisher.send_to("raw", placed("o-1 é", 7)).await.unwrap();

    let received = sqs
        .receive_message()
        .queue_url(&url)
        .message_attribute_names("All")
        .message_system_attribute_names(aws_sdk_sqs::types::MessageSystemAttributeName::All)
        .wait_time_seconds(5)
        .send()
        .await
        .unwrap();
    let message = &received.messages()[0];
    let wrapper: serde_json::Map<String, Value> = serde_json::from_str(message.body().unwrap()).unwrap();
    assert_eq!(wrapper.keys().collect::<Vec<_>>(), ["Message"]);
    let event: Value = serde_json::from_str(wrapper["Message"].as_str().unwrap()).unwrap();
    assert_eq!(event["event_type_name"], "OrderPlaced");
    assert_eq!(event["event_id"], event_id.to_string());
    assert_eq!((event["order"].as_str(), event["number"].as_u64()), (Some("o-1 é"), Some(7)));
    let attributes: HashMap<_, _> = message.message_attributes().unwrap().iter().collect();
    let text = |name: &str| {
        let value = attributes[&name.to_owned()];
        (value.data_type(), value.string_value().unwrap())
    };
    assert_eq!(text("event_type"), ("String", "OrderPlaced"));
    assert_eq!(text("manifest"), ("String", "OrderPlaced"));
    assert_eq!(text("serializer_id"), ("Number", "1"));
    assert_eq!(attributes.len(), 3);

    let notes = Notes::on::<OrderPlaced>(&aws, "billing", |event| (&event.order, event.number)).await;
    let event_id = publisher.send_to("billing", placed("o-2", 8)).await.unwrap();
    notes.wait_for(1).await;
    assert_eq!(*notes.ids.lock().unwrap(), [event_id.to_string()]);
    notes.stop().await;
}

#[tokio::test]
#[ignore = "needs the local AWS server: run `cargo xtask test`"]
async fn a_delay_keeps_it_back_and_what_a_queue_cannot_do_is_said() {
    let aws = aws().await;
    let notes = Notes::on::<OrderPlaced>(&aws, "billing", |event| (&event.order, event.number)).await;
    // The transport of a service sends, too.
    let publisher = MessagePublisher::new(aws.queue("billing"));
    let begun = Instant::now();
    publisher.send_to("billing", placed("o-1", 1)).delay(Duration::from_millis(2_500)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(notes.ids.lock().unwrap().is_empty());
    notes.wait_for(1).await;
    assert!(begun.elapsed() >= Duration::from_secs(3), "{:?}", begun.elapsed());
    notes.stop().await;

    let refused = |error: melange::PublishError, words: &str| {
        assert!(error.is_invalid() && error.to_string().contains(words), "{error}");
    };
    let long = publisher.send_to("billing", placed("o-1", 1)).delay(Duration::from_secs(901));
    refused(long.await.unwrap_err(), "15 minutes");
    let fifo = publisher.send_to("billing.fifo", placed("o-1", 1)).delay(Duration::from_secs(1));
    refused(fifo.await.unwrap_err(), "is FIFO");
    refused(publisher.send_to("bill ing", placed("o-1", 1)).await.unwrap_err(), "characters in its name");
    let large = publisher.send_to("billing", placed(&"\"".repeat(400_000), 1));
    refused(large.await.unwrap_err(), "at most 1048576");
    let nowhere = publisher.send_to("nowhere", placed("o-1", 1)).await.unwrap_err();
    assert_eq!(nowhere.transport_error().unwrap().kind(), TransportErrorKind::NotFound, "{nowhere}");
    let nowhere = publisher.publish(Step { order: "o-1".into(), number: 1 }).await.unwrap_err();
    assert_eq!(nowhere.transport_error().unwrap().kind(), TransportErrorKind::NotFound, "{nowhere}");
}

#[tokio::test]
#[ignore = "needs the local AWS server: run `cargo xtask test`"]
async fn a_fifo_queue_keeps_the_order_of_what_is_sent_to_it() {
    let aws = aws().await;
    let notes = Notes::on::<Step>(&aws, "steps.fifo", |event| (&event.order, event.number)).await;
    let publisher = MessagePublisher::new(aws);
    for number in 0..10 {
        let send =
            |order: &str| publisher.send_to("steps.fifo", Step { order: order.to_owned(), number }).into_future();
        let (a, b) = tokio::join!(send("a"), send("b"));
        a.and(b).unwrap();
    }
    notes.wait_for(20).await;
    for (group, numbers) in notes.numbers.lock().unwrap().clone() {
        assert_eq!(numbers, (0..10).collect::<Vec<_>>(), "group {group}");
    }
    notes.stop().await;
}

#[test]
#[ignore = "needs the local AWS server: run `cargo xtask test`"]
fn several_runtimes_one_after_the_other_share_one_aws() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (config, prefix) = (runtime().block_on(server::config()), server::unique());
    let queue = format!("{prefix}billing");
    let url = runtime().block_on(async {
        let created = aws_sdk_sqs::Client::new(&config).create_queue().queue_name(queue).send().await;
        created.unwrap().queue_url.unwrap()
    });
    let publisher = MessagePublisher::new(Aws::from_config(&config).prefix(prefix));
    let begun = Instant::now();
    for number in 0..5 {
        runtime().block_on(publisher.send_to("billing", placed("o-1", number)).into_future()).unwrap();
    }
    // An attempt on a connection that nobody serves any more would take ten seconds.
    assert!(begun.elapsed() < Duration::from_secs(9), "{:?}", begun.elapsed());
    let count = runtime().block_on(async {
        let all = aws_sdk_sqs::types::QueueAttributeName::ApproximateNumberOfMessages;
        let asked = aws_sdk_sqs::Client::new(&config).get_queue_attributes().queue_url(url).attribute_names(all);
        asked.send().await.unwrap().attributes.unwrap().into_values().next().unwrap()
    });
    assert_eq!(count, "5");
}
