//! The topology, drawn: four columns, and curves between them.

use super::Catalogue;
use super::html::{Html, html};
use crate::documents::view::{EventView, QueueView, SubscriberView};

/// Most events, and most subscribers, that are drawn one by one; more are drawn together.
const MOST: usize = 48;

const WIDTH: usize = 224;
const HEIGHT: usize = 32;
const GAP: usize = 10;
const BETWEEN: usize = 76;
const TOP: usize = 40;
/// Letters that fit into a box.
const LETTERS: usize = 27;

const COLUMNS: [&str; 4] = ["Events", "Topics", "Queues", "Subscribers"];

/// A box.
struct Node {
    id: String,
    column: usize,
    kind: &'static str,
    label: String,
    anchor: String,
    faint: bool,
}

/// A curve, from one box to another, by their places.
struct Edge {
    from: usize,
    to: usize,
    dashed: bool,
}

#[derive(Default)]
struct Drawing {
    nodes: Vec<Node>,
    edges: Vec<Edge>,
}

impl Drawing {
    fn node(&mut self, column: usize, kind: &'static str, label: String, anchor: &str, faint: bool) -> usize {
        let id = format!("n{}", self.nodes.len());
        self.nodes.push(Node { id, column, kind, label, anchor: anchor.to_owned(), faint });
        self.nodes.len() - 1
    }

    fn edge(&mut self, from: usize, to: usize, dashed: bool) {
        if !self.edges.iter().any(|known| (known.from, known.to) == (from, to)) {
            self.edges.push(Edge { from, to, dashed });
        }
    }
}

impl Catalogue<'_> {
    pub(super) fn topology(&self, page: &mut Html) {
        let drawing = self.drawing();
        html!(page;
            "<section id=\"topology\" aria-labelledby=\"topology-title\">\n<div class=\"heading\"><h2 id=\"topology-title\">Topology</h2>"
            "<p class=\"faint\">From what happens to who is told. Point at a box to see its ways; a dashed line is an older version, which is only read.</p></div>\n"
            "<div class=\"panel drawing scroll\" tabindex=\"0\" role=\"group\" aria-label=\"The topology, drawn; the same stands in the tables below\">\n"
        );
        draw(&drawing, page);
        html!(page; "</div>\n</section>\n");
    }

    fn drawing(&self) -> Drawing {
        let mut pen = Pen {
            events: vec![None; self.view.events.len()],
            topics: vec![None; self.view.topics.len()],
            queues: vec![None; self.view.queues.len()],
            subscribers: vec![None; self.view.subscribers.len()],
            subscribers_apart: self.view.subscribers.len() <= MOST,
            catalogue: self,
            drawing: Drawing::default(),
        };
        pen.events_and_topics();
        pen.queues_and_subscribers();
        pen.edges_of_events();
        pen.edges_of_topics();
        pen.drawing
    }
}

/// What draws, and which box each event, topic, queue and subscriber has, by its place in the view.
struct Pen<'a> {
    catalogue: &'a Catalogue<'a>,
    drawing: Drawing,
    events: Vec<Option<usize>>,
    topics: Vec<Option<usize>>,
    queues: Vec<Option<usize>>,
    subscribers: Vec<Option<usize>>,
    subscribers_apart: bool,
}

impl Pen<'_> {
    fn events_and_topics(&mut self) {
        let (catalogue, view) = (self.catalogue, &self.catalogue.view);
        let apart = view.events.len() <= MOST;
        if apart {
            // In the order of their topics, so that few curves cross.
            let mut order: Vec<(usize, &EventView)> = view.events.iter().enumerate().collect();
            order.sort_by_key(|(place, event)| (event.topic.unwrap_or(usize::MAX), *place));
            for (place, event) in order {
                if let Some(anchor) = catalogue.events.get(place) {
                    let old = event.versions.last().is_some_and(|newest| *newest != place);
                    let node = self.drawing.node(0, "event", event.descriptor.to_string(), anchor, old);
                    set(&mut self.events, place, node);
                }
            }
        }
        for (place, (topic, anchor)) in view.topics.iter().zip(&catalogue.topics).enumerate() {
            let address = catalogue.documents.topic_address(&topic.name);
            let node = self.drawing.node(1, "topic", address, anchor, topic.queues.is_empty());
            set(&mut self.topics, place, node);
            if !apart {
                let label = counted(topic.events.len(), "event");
                let together = self.drawing.node(0, "event", label, anchor, false);
                self.drawing.edge(together, node, false);
            }
        }
    }

    fn queues_and_subscribers(&mut self) {
        let (catalogue, view) = (self.catalogue, &self.catalogue.view);
        // By the middle of the topics that feed them.
        let middle = |topics: &[usize]| {
            if topics.is_empty() { usize::MAX } else { topics.iter().sum::<usize>() * 100 / topics.len() }
        };
        let mut order: Vec<(usize, &QueueView)> = view.queues.iter().enumerate().collect();
        order.sort_by_key(|(place, queue)| (middle(&queue.topics), *place));
        for (place, queue) in order {
            let Some(anchor) = catalogue.queues.get(place) else { continue };
            if queue.subscribers.is_empty() {
                continue;
            }
            let address = catalogue.documents.queue_address(&queue.name);
            let node = self.drawing.node(2, "queue", address, anchor, false);
            set(&mut self.queues, place, node);
            if self.subscribers_apart {
                for (place, subscriber) in view.subscribers_at(&queue.subscribers) {
                    let to = self.subscriber(place, subscriber);
                    self.drawing.edge(node, to, false);
                }
            } else {
                let label = counted(queue.subscribers.len(), "subscriber");
                let to = self.drawing.node(3, "subscriber", label, anchor, false);
                self.drawing.edge(node, to, false);
            }
        }
    }

    /// The box of a subscriber, which is drawn once.
    fn subscriber(&mut self, place: usize, subscriber: &SubscriberView) -> usize {
        if let Some(node) = at(&self.subscribers, place) {
            return node;
        }
        let anchor = self.catalogue.subscribers.get(place).map_or("", String::as_str);
        let node = self.drawing.node(3, "subscriber", subscriber.name.to_owned(), anchor, false);
        set(&mut self.subscribers, place, node);
        node
    }

    fn edges_of_events(&mut self) {
        let view = &self.catalogue.view;
        for (place, event) in view.events.iter().enumerate() {
            let Some(from) = at(&self.events, place) else { continue };
            if let Some(to) = event.topic.and_then(|topic| at(&self.topics, topic)) {
                self.drawing.edge(from, to, !event.sent);
            }
            // In process there is nothing between an event and its subscribers.
            for (place, subscriber) in view.subscribers_at(&event.subscribers) {
                if subscriber.queue.is_none() && self.subscribers_apart {
                    let to = self.subscriber(place, subscriber);
                    self.drawing.edge(from, to, false);
                }
            }
        }
    }

    fn edges_of_topics(&mut self) {
        for (place, topic) in self.catalogue.view.topics.iter().enumerate() {
            for queue in &topic.queues {
                if let Some((from, to)) = at(&self.topics, place).zip(at(&self.queues, *queue)) {
                    self.drawing.edge(from, to, false);
                }
            }
        }
    }
}

fn set(places: &mut [Option<usize>], place: usize, node: usize) {
    if let Some(slot) = places.get_mut(place) {
        *slot = Some(node);
    }
}

fn at(places: &[Option<usize>], place: usize) -> Option<usize> {
    places.get(place).copied().flatten()
}

fn counted(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

fn draw(drawing: &Drawing, page: &mut Html) {
    let rows = |column: usize| drawing.nodes.iter().filter(|node| node.column == column).count();
    let most = (0..COLUMNS.len()).map(rows).max().unwrap_or(0);
    let full = most * (HEIGHT + GAP);
    let (width, height) = (COLUMNS.len() * WIDTH + (COLUMNS.len() - 1) * BETWEEN + 2, TOP + full);
    let left = |column: usize| 1 + column * (WIDTH + BETWEEN);

    // Each column is in the middle of the height.
    let mut next: Vec<usize> =
        (0..COLUMNS.len()).map(|column| TOP + (full - rows(column) * (HEIGHT + GAP)) / 2).collect();
    let mut tops = Vec::with_capacity(drawing.nodes.len());
    for node in &drawing.nodes {
        let top = next.get(node.column).copied().unwrap_or(TOP);
        tops.push(top);
        if let Some(next) = next.get_mut(node.column) {
            *next = top + HEIGHT + GAP;
        }
    }

    html!(page; "<svg viewBox=\"0 0 " (width) " " (height) "\" width=\"" (width) "\" height=\"" (height) "\" role=\"group\" aria-label=\"Events, topics, queues and subscribers\">\n");
    for (column, title) in COLUMNS.iter().enumerate() {
        html!(page; "<text class=\"column\" x=\"" (left(column)) "\" y=\"16\">" (title) "</text>\n");
    }
    html!(page; "<g class=\"edges\" fill=\"none\">\n");
    for edge in &drawing.edges {
        let Some((from, to)) = drawing.nodes.get(edge.from).zip(drawing.nodes.get(edge.to)) else { continue };
        let y = |place: usize| tops.get(place).copied().unwrap_or(TOP) + HEIGHT / 2;
        let (x1, x2) = (left(from.column) + WIDTH, left(to.column));
        let bend = x1 + x2.saturating_sub(x1) / 2;
        html!(page; "<path data-from=\"" (&from.id) "\" data-to=\"" (&to.id) "\"");
        if edge.dashed {
            html!(page; " stroke-dasharray=\"3 4\"");
        }
        html!(page;
            " d=\"M" (x1) " " (y(edge.from)) "C" (bend) " " (y(edge.from)) " " (bend) " " (y(edge.to)) " " (x2) " " (y(edge.to)) "\"/>\n"
        );
    }
    html!(page; "</g>\n");
    for (node, top) in drawing.nodes.iter().zip(&tops) {
        let (x, middle) = (left(node.column), top + HEIGHT / 2);
        html!(page; "<a class=\"node " (node.kind));
        if node.faint {
            html!(page; " old");
        }
        html!(page;
            "\" id=\"" (&node.id) "\" href=\"#" (&node.anchor) "\"><title>" (&node.label) "</title>"
            "<rect x=\"" (x) "\" y=\"" (top) "\" width=\"" (WIDTH) "\" height=\"" (HEIGHT) "\" rx=\"8\"/>"
            "<circle cx=\"" (x + 15) "\" cy=\"" (middle) "\" r=\"4\"/>"
            "<text x=\"" (x + 28) "\" y=\"" (middle + 4) "\">" (shortened(&node.label)) "</text></a>\n"
        );
    }
    html!(page; "</svg>\n");
}

/// As much of the label as fits, with its end: names of one program often differ there only.
fn shortened(label: &str) -> String {
    let letters: Vec<char> = label.chars().collect();
    if letters.len() <= LETTERS {
        return label.to_owned();
    }
    let tail = 9;
    let (head, end) = (letters.iter().take(LETTERS - tail - 1), letters.iter().skip(letters.len() - tail));
    head.chain(['…'].iter()).chain(end).collect()
}

#[cfg(test)]
mod tests {
    use super::shortened;

    #[test]
    fn a_long_label_keeps_its_end() {
        assert_eq!(shortened("OrderPlaced v3"), "OrderPlaced v3");
        let short = shortened("CustomerAddressVerificationRequested v12");
        assert_eq!((short.chars().count(), short.ends_with("ested v12")), (27, true));
    }
}
