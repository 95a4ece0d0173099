//! What is wrong only where a test says so.

use super::Checks;
use crate::error::build::{Problem, ProblemKind};
use crate::event::EventDescriptor;
use crate::subscriber::SubscriberDescriptor;

impl Checks {
    pub(super) fn asked_for(&self) -> impl Iterator<Item = Problem> + use<> {
        [self.unhandled(), self.unpublished(), self.order_lost(), self.several_queues()].into_iter().flatten()
    }

    /// Whether somebody here listens to `event`, or to a newer version that is made from it.
    fn is_handled(&self, event: &EventDescriptor) -> bool {
        self.subscribers().any(|subscriber| reads(subscriber.event(), event))
    }

    fn unhandled(&self) -> Vec<Problem> {
        if !self.handled {
            return Vec::new();
        }
        let is_elsewhere = |event: &EventDescriptor| self.handled_elsewhere.iter().any(|named| reads(named, event));
        let unhandled = self.events().filter(|event| !self.is_handled(event) && !is_elsewhere(event));
        let problem = |event: &'static EventDescriptor| {
            let what = format!("nobody listens to {event}");
            let fix = "write a subscriber or drop the event; name its subscriber's crate if there is one; if others listen to it, say \
                       so: `handled_elsewhere`";
            Problem::new(ProblemKind::Unhandled, what, fix).at(event.location())
        };
        unhandled.map(problem).collect()
    }

    fn unpublished(&self) -> Vec<Problem> {
        let Some(published) = &self.published else { return Vec::new() };
        let is_published = |event: &EventDescriptor| published.iter().any(|named| reads(event, named));
        let unheard = self.subscribers().filter(|subscriber| !is_published(subscriber.event()));
        let problem = |subscriber: &SubscriberDescriptor| {
            let event = subscriber.event();
            let what = format!("subscriber `{}` listens to {event}, which nobody publishes", subscriber.name());
            let fix = "add it to `publishes`, or to `published_elsewhere`; or drop the subscriber";
            Problem::new(ProblemKind::Unpublished, what, fix).at(subscriber.location())
        };
        unheard.map(problem).collect()
    }

    fn order_lost(&self) -> Vec<Problem> {
        if !self.ordered {
            return Vec::new();
        }
        let lost = |subscriber: &SubscriberDescriptor| {
            let topic = subscriber.event().topic().filter(|topic| topic.ends_with(".fifo"))?;
            let queue = subscriber.queue().or(self.own_queue()).filter(|queue| !queue.ends_with(".fifo"))?;
            let what = format!(
                "subscriber `{}` consumes {} from the queue \"{queue}\", which forgets the order that its topic \"{topic}\" keeps",
                subscriber.name(),
                subscriber.event()
            );
            let fix = format!("consume it from a FIFO queue: `queue = \"{queue}.fifo\"`");
            Some(Problem::new(ProblemKind::OrderLost, what, fix).at(subscriber.location()))
        };
        self.subscribers().filter_map(lost).collect()
    }

    fn several_queues(&self) -> Vec<Problem> {
        if !self.one_queue {
            return Vec::new();
        }
        let mut problems = Vec::new();
        for event in self.events() {
            let mut queues: Vec<&str> = Vec::new();
            for subscriber in self.subscribers().filter(|subscriber| subscriber.event().is_same_type(event)) {
                let queue = subscriber.queue().or(self.own_queue()).unwrap_or("the bus's own");
                if !queues.contains(&queue) {
                    queues.push(queue);
                }
            }
            if queues.len() > 1 {
                let what = format!("{event} is consumed from {} queues: {}", queues.len(), queues.join(", "));
                let fix = "give its subscribers one `queue`, or leave `one_queue_per_event` out if each is to have its own copy";
                problems.push(Problem::new(ProblemKind::SeveralQueues, what, fix).at(event.location()));
            }
        }
        problems
    }
}

/// Whether who listens to `event` is handed `published` too: as what it is, or as the newer version that is made from it.
fn reads(event: &EventDescriptor, published: &EventDescriptor) -> bool {
    event.is_same_type(published) || event.ancestors().iter().any(|older| older.is_same_type(published))
}
