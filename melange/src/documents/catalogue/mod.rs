//! The catalogue: one HTML page that asks no network for anything.

mod drawing;
mod event;
mod html;
mod json;
mod prose;
mod sections;

use super::Documents;
use super::error::DocumentError;
use super::ids::Ids;
use super::view::View;
use html::{Html, html};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// What the page is made from.
struct Catalogue<'a> {
    documents: &'a Documents,
    view: View,
    /// The anchors of events, topics, queues and subscribers, by their places.
    events: Vec<String>,
    topics: Vec<String>,
    queues: Vec<String>,
    subscribers: Vec<String>,
}

pub(super) fn page(documents: &Documents) -> Result<String, DocumentError> {
    let view = documents.view();
    let mut ids = Ids::default();
    let events =
        view.events.iter().map(|it| ids.id(&format!("event-{}-v{}", it.descriptor.name(), it.descriptor.version())));
    let events = events.collect();
    let topics = view.topics.iter().map(|it| ids.id(&format!("topic-{}", it.name))).collect();
    let queues = view.queues.iter().map(|it| ids.id(&format!("queue-{}", it.name))).collect();
    let subscribers = view.subscribers.iter().map(|it| ids.id(&format!("subscriber-{}", it.name))).collect();
    let catalogue = Catalogue { documents, view, events, topics, queues, subscribers };

    let mut page = Html::default();
    catalogue.head(&mut page);
    catalogue.navigation(&mut page);
    html!(page; "<main id=\"main\" tabindex=\"-1\">\n<p id=\"found\" role=\"status\" aria-live=\"polite\"></p>\n");
    catalogue.topology(&mut page);
    catalogue.events(&mut page)?;
    catalogue.topics(&mut page);
    catalogue.queues(&mut page);
    catalogue.subscribers(&mut page);
    html!(page; "<p id=\"nothing\" class=\"nothing\" hidden>Nothing here has all these words. <button type=\"button\" class=\"plain\" data-clear>Clear the search</button></p>\n");
    html!(page; "</main>\n</div>\n<script>");
    page.markup(SCRIPT);
    html!(page; "</script>\n</body>\n</html>\n");
    Ok(page.into_string())
}

impl Catalogue<'_> {
    fn head(&self, page: &mut Html) {
        let Documents { title, version, description, .. } = self.documents;
        html!(page;
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
            "<meta name=\"color-scheme\" content=\"light dark\">\n"
            // Even what should not be here could ask the network for nothing.
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'\">\n"
            "<link rel=\"icon\" href=\"data:,\">\n"
            "<title>" (title) " · event catalogue</title>\n<style>"
        );
        page.markup(STYLE);
        html!(page;
            "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">Skip to the catalogue</a>\n"
            "<header class=\"bar\">\n<a class=\"brand\" href=\"#top\" id=\"top\"><span class=\"mark\" aria-hidden=\"true\"></span><span class=\"name\">" (title) "</span> <span class=\"pill\">" (version) "</span></a>\n"
            "<div class=\"search\" role=\"search\"><svg viewBox=\"0 0 20 20\" width=\"16\" height=\"16\" aria-hidden=\"true\"><circle cx=\"9\" cy=\"9\" r=\"5.5\"/><path d=\"m13.5 13.5 4 4\"/></svg>"
            "<input id=\"search\" type=\"search\" placeholder=\"Search events, fields, queues…\" aria-label=\"Search the catalogue\" autocomplete=\"off\" spellcheck=\"false\"><kbd aria-hidden=\"true\">/</kbd></div>\n"
            "<button id=\"theme\" class=\"icon\" type=\"button\" aria-label=\"Switch between light and dark\" title=\"Switch between light and dark\">"
            "<svg class=\"sun\" viewBox=\"0 0 20 20\" width=\"18\" height=\"18\" aria-hidden=\"true\"><circle cx=\"10\" cy=\"10\" r=\"3.5\"/><path d=\"M10 1.5v2M10 16.5v2M1.5 10h2M16.5 10h2M4 4l1.4 1.4M14.6 14.6 16 16M4 16l1.4-1.4M14.6 5.4 16 4\"/></svg>"
            "<svg class=\"moon\" viewBox=\"0 0 20 20\" width=\"18\" height=\"18\" aria-hidden=\"true\"><path d=\"M16.5 12.2A7 7 0 0 1 7.8 3.5a7 7 0 1 0 8.7 8.7z\"/></svg></button>\n</header>\n"
            "<div class=\"hero\">\n<p class=\"eyebrow\">Event catalogue</p>\n<h1>" (title) "</h1>\n"
        );
        if let Some(description) = description {
            html!(page; "<p class=\"lead\">" (description) "</p>\n");
        }
        html!(page; "<ul class=\"stats\">");
        let counts = [
            ("events", "event", "#events", self.view.events.len()),
            ("topics", "topic", "#topics", self.view.topics.len()),
            ("queues", "queue", "#queues", self.view.queues.len()),
            ("subscribers", "subscriber", "#subscribers", self.view.subscribers.len()),
        ];
        for (many, one, anchor, count) in counts {
            let word = if count == 1 { one } else { many };
            html!(page; "<li><a class=\"stat " (one) "\" href=\"" (anchor) "\"><strong>" (count) "</strong> " (word) "</a></li>");
        }
        html!(page; "</ul>\n</div>\n<div class=\"layout\">\n");
    }

    fn navigation(&self, page: &mut Html) {
        html!(page;
            "<nav aria-label=\"Catalogue\">\n<ul class=\"sections\"><li><a href=\"#topology\">Topology</a></li>"
            "<li><a href=\"#events\">Events</a></li><li><a href=\"#topics\">Topics</a></li>"
            "<li><a href=\"#queues\">Queues</a></li><li><a href=\"#subscribers\">Subscribers</a></li></ul>\n"
            "<p class=\"eyebrow\" id=\"by-name\">Events by name</p>\n<ul class=\"names\" aria-labelledby=\"by-name\">"
        );
        for place in self.newest_first() {
            let Some((event, anchor)) = self.view.event(place).zip(self.events.get(place)) else { continue };
            // One for each name: the newest version stands for the others.
            if event.versions.last().is_some_and(|newest| *newest != place) {
                continue;
            }
            html!(page; "<li data-for=\"" (anchor) "\"><a href=\"#" (anchor) "\">" (event.descriptor.name()) "</a></li>");
        }
        html!(page; "</ul>\n</nav>\n");
    }

    /// Events by name, the newest version of each first.
    fn newest_first(&self) -> Vec<usize> {
        let mut places: Vec<usize> = (0..self.view.events.len()).collect();
        places.sort_by_key(|place| {
            self.view.event(*place).map(|it| (it.descriptor.name(), std::cmp::Reverse(it.descriptor.version()), *place))
        });
        places
    }

    fn event_link(&self, place: usize, page: &mut Html) {
        if let Some((event, anchor)) = self.view.event(place).zip(self.events.get(place)) {
            html!(page; "<a class=\"tag event\" href=\"#" (anchor) "\">" (event.descriptor.name()) " <span>v" (event.descriptor.version()) "</span></a>");
        }
    }

    fn topic_link(&self, place: usize, page: &mut Html) {
        if let Some((topic, anchor)) = self.view.topics.get(place).zip(self.topics.get(place)) {
            html!(page; "<a class=\"tag topic\" href=\"#" (anchor) "\">" (self.documents.topic_address(&topic.name)) "</a>");
        }
    }

    fn queue_link(&self, place: usize, page: &mut Html) {
        if let Some((queue, anchor)) = self.view.queues.get(place).zip(self.queues.get(place)) {
            html!(page; "<a class=\"tag queue\" href=\"#" (anchor) "\">" (self.documents.queue_address(&queue.name)) "</a>");
        }
    }

    fn subscriber_link(&self, place: usize, page: &mut Html) {
        if let Some((subscriber, anchor)) = self.view.subscribers.get(place).zip(self.subscribers.get(place)) {
            html!(page; "<a class=\"tag subscriber\" href=\"#" (anchor) "\">" (subscriber.name) "</a>");
        }
    }
}
