//! The sections of the page: the events, and tables of topics, queues and subscribers.

use super::Catalogue;
use super::html::{Html, html};
use crate::documents::error::DocumentError;
use crate::documents::text::duration;

impl Catalogue<'_> {
    pub(super) fn events(&self, page: &mut Html) -> Result<(), DocumentError> {
        html!(page;
            "<section id=\"events\" aria-labelledby=\"events-title\" data-section>\n<div class=\"heading\"><h2 id=\"events-title\">Events</h2>"
            "<span><button type=\"button\" class=\"plain\" data-open=\"true\">Open all</button> <button type=\"button\" class=\"plain\" data-open=\"false\">Close all</button></span></div>\n"
            "<div class=\"cards\">\n"
        );
        for place in self.newest_first() {
            self.event(place, page)?;
        }
        html!(page; "</div>\n</section>\n");
        Ok(())
    }

    pub(super) fn topics(&self, page: &mut Html) {
        begin("topics", "Topics", &["Topic", "Events", "Feeds"], page);
        for (topic, anchor) in self.view.topics.iter().zip(&self.topics) {
            html!(page; "<tr id=\"" (anchor) "\" tabindex=\"-1\" data-search=\"" (&topic.name));
            for (_, event) in self.view.events_at(&topic.events) {
                html!(page; " " (event.descriptor.name()));
            }
            for (_, queue) in self.view.queues_at(&topic.queues) {
                html!(page; " " (&queue.name));
            }
            html!(page; "\"><th scope=\"row\"><span class=\"tag topic\">" (self.documents.topic_address(&topic.name)) "</span></th><td><div class=\"tags\">");
            topic.events.iter().for_each(|event| self.event_link(*event, page));
            html!(page; "</div></td><td><div class=\"tags\">");
            topic.queues.iter().for_each(|queue| self.queue_link(*queue, page));
            if topic.queues.is_empty() {
                html!(page; "<span class=\"faint\">no queue of this program</span>");
            }
            html!(page; "</div></td></tr>\n");
        }
        end(page);
    }

    pub(super) fn queues(&self, page: &mut Html) {
        begin("queues", "Queues", &["Queue", "Fed by", "Lets through", "Subscribers", "Settings"], page);
        for (queue, anchor) in self.view.queues.iter().zip(&self.queues) {
            html!(page; "<tr id=\"" (anchor) "\" tabindex=\"-1\" data-search=\"" (&queue.name) " " (&queue.setup.dead_letters));
            for (topic, feed) in &queue.setup.feeds {
                html!(page; " " (topic));
                feed.event_types.iter().flatten().for_each(|name| {
                    html!(page; " " (name));
                });
            }
            for (_, subscriber) in self.view.subscribers_at(&queue.subscribers) {
                html!(page; " " (subscriber.name));
            }
            html!(page; "\"><th scope=\"row\"><span class=\"tag queue\">" (self.documents.queue_address(&queue.name)) "</span>");
            if queue.own {
                html!(page; " <span class=\"pill small\">own queue</span>");
            }
            html!(page; "</th><td><div class=\"tags\">");
            self.view.topics_at(&queue.topics).for_each(|(topic, _)| self.topic_link(topic, page));
            html!(page; "</div></td><td><ul class=\"list\">");
            for (topic, feed) in &queue.setup.feeds {
                let Some(names) = &feed.event_types else {
                    html!(page; "<li><em>everything</em> of <code>" (self.documents.topic_address(topic)) "</code></li>");
                    continue;
                };
                for name in names {
                    html!(page; "<li><code>" (name) "</code></li>");
                }
            }
            html!(page; "</ul></td><td><div class=\"tags\">");
            queue.subscribers.iter().for_each(|subscriber| self.subscriber_link(*subscriber, page));
            html!(page;
                "</div></td><td><dl class=\"settings\"><dt>Dead letters</dt><dd><code>" (self.documents.queue_address(&queue.setup.dead_letters)) "</code></dd>"
                "<dt>Visibility</dt><dd>" (duration(queue.setup.visibility)) "</dd><dt>Receives</dt><dd>at most " (queue.setup.max_receives) "</dd>"
            );
            if let Some(retention) = queue.setup.retention {
                html!(page; "<dt>Keeps</dt><dd>" (duration(retention)) "</dd>");
            }
            if queue.setup.feeds.values().any(|feed| !feed.raw) {
                html!(page; "<dt>Delivery</dt><dd>wrapped</dd>");
            }
            html!(page; "</dl></td></tr>\n");
        }
        end(page);
    }

    pub(super) fn subscribers(&self, page: &mut Html) {
        begin("subscribers", "Subscribers", &["Subscriber", "Listens to", "Queue", "Options", "Declared at"], page);
        for (subscriber, anchor) in self.view.subscribers.iter().zip(&self.subscribers) {
            html!(page; "<tr id=\"" (anchor) "\" tabindex=\"-1\" data-search=\"" (subscriber.name) " " (subscriber.location) " " (subscriber.location.module_path()));
            for (_, event) in self.view.events_at(&subscriber.events) {
                html!(page; " " (event.descriptor.name()));
            }
            let queue = subscriber.queue.and_then(|queue| self.view.queues.get(queue));
            html!(page; " " (queue.map_or("in process", |queue| &queue.name)));
            html!(page; "\"><th scope=\"row\"><span class=\"tag subscriber\">" (subscriber.name) "</span></th><td><div class=\"tags\">");
            subscriber.events.iter().for_each(|event| self.event_link(*event, page));
            html!(page; "</div></td><td>");
            match subscriber.queue {
                Some(queue) => self.queue_link(queue, page),
                None => {
                    html!(page; "<span class=\"faint\">in process</span>");
                }
            }
            let options = subscriber.options;
            html!(page;
                "</td><td><dl class=\"settings\"><dt>Runs</dt><dd>" (subscriber.kind) "</dd>"
                "<dt>Tried</dt><dd>" (options.retry.attempts) " times, " (duration(options.retry.min)) " to " (duration(options.retry.max)) " apart</dd>"
            );
            if let Some(timeout) = options.timeout {
                html!(page; "<dt>Time-out</dt><dd>" (duration(timeout)) "</dd>");
            }
            if let Some(concurrency) = options.concurrency {
                html!(page; "<dt>At once</dt><dd>" (concurrency) "</dd>");
            }
            html!(page;
                "</dl></td><td><span class=\"source\">" (subscriber.location) "</span><br><span class=\"faint\">" (subscriber.location.module_path()) "</span></td></tr>\n"
            );
        }
        end(page);
    }
}

fn begin(id: &'static str, title: &'static str, columns: &[&'static str], page: &mut Html) {
    html!(page;
        "<section id=\"" (id) "\" aria-labelledby=\"" (id) "-title\" data-section>\n<div class=\"heading\"><h2 id=\"" (id) "-title\">" (title) "</h2></div>\n"
        "<div class=\"scroll panel\" tabindex=\"0\" role=\"group\" aria-label=\"" (title) "\"><table><thead><tr>"
    );
    for column in columns {
        html!(page; "<th scope=\"col\">" (column) "</th>");
    }
    html!(page; "</tr></thead><tbody>\n");
}

fn end(page: &mut Html) {
    html!(page; "</tbody></table></div>\n</section>\n");
}
