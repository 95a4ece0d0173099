//! The order of a key.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use melange::{AsynchronousEventBus, Event, EventDescriptor, Location, Route};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::cases;

/// An event in a lane, or in none.
struct Step {
    lane: Option<u8>,
    number: u32,
    /// Where the handler pauses, and whether it fails or panics at last.
    pauses: u8,
    end: u8,
}

impl Event for Step {
    const DESCRIPTOR: &'static EventDescriptor =
        &EventDescriptor::new::<Self>("Step", "Step", Location::new("properties", file!(), line!())).with_key();

    fn route(&self) -> Route<'_> {
        let mut route = Route::default();
        route.key = self.lane.map(|lane| Cow::Owned(lane.to_string()));
        route
    }
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn a_lane_keeps_its_order_whatever_its_handlers_do(
        steps in vec((proptest::option::weighted(0.8, 0_u8..5), 0_u8..4, 0_u8..8), 1..120),
        workers in 1_usize..9,
        capacity in 1_usize..20,
        publishers in 1_usize..4,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let seen = Arc::<Mutex<Vec<(Option<u8>, u32)>>>::default();
        let running = Arc::<Mutex<HashMap<u8, u32>>>::default();
        let overlaps = Arc::new(AtomicU32::new(0));
        let total = steps.len();
        let (drained, metrics) = runtime.block_on(async {
            let (notes, lanes, doubles) = (Arc::clone(&seen), Arc::clone(&running), Arc::clone(&overlaps));
            let bus = AsynchronousEventBus::builder()
                .workers(workers)
                .capacity(capacity)
                .subscribe(move |step: Arc<Step>| {
                    let (notes, lanes, doubles) = (Arc::clone(&notes), Arc::clone(&lanes), Arc::clone(&doubles));
                    async move {
                        if let Some(lane) = step.lane {
                            let before = std::mem::replace(lanes.lock().unwrap().entry(lane).or_default(), 1);
                            doubles.fetch_add(before, Ordering::Relaxed);
                        }
                        for _ in 0..step.pauses {
                            tokio::time::sleep(Duration::from_millis(u64::from(step.number % 7))).await;
                        }
                        notes.lock().unwrap().push((step.lane, step.number));
                        if let Some(lane) = step.lane {
                            lanes.lock().unwrap().insert(lane, 0);
                        }
                        match step.end {
                            0 => Err("it fails"),
                            1 => std::panic::resume_unwind(Box::new("quietly")),
                            _ => Ok(()),
                        }
                    }
                })
                .build()
                .unwrap();
            // Each publisher has lanes of its own, so that their order is that of one publisher.
            let mut parts: Vec<Vec<Step>> = (0..publishers).map(|_| Vec::new()).collect();
            for (number, (lane, pauses, end)) in (0..).zip(steps) {
                parts[usize::from(lane.unwrap_or(0)) % publishers].push(Step { lane, number, pauses, end });
            }
            let tasks: Vec<_> = parts
                .into_iter()
                .map(|part| {
                    let bus = bus.clone();
                    tokio::spawn(async move {
                        for step in part {
                            bus.publish(step).await.unwrap();
                        }
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
            (bus.shutdown(Duration::from_secs(3_600)).await, bus.metrics())
        });
        prop_assert_eq!((drained.dropped, drained.still_running, metrics.delivered), (0, 0, total as u64));
        prop_assert_eq!(overlaps.load(Ordering::Relaxed), 0, "two of one lane at once");
        let seen = seen.lock().unwrap();
        prop_assert_eq!(seen.len(), total);
        for lane in 0..5 {
            let numbers: Vec<u32> = seen.iter().filter(|(of, _)| *of == Some(lane)).map(|(_, number)| *number).collect();
            prop_assert!(numbers.is_sorted(), "lane {}: {:?}", lane, numbers);
        }
    }
}
