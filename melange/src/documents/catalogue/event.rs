//! One event: what it says, its fields, its way, its examples and its schema.

use super::html::{Html, html};
use super::{Catalogue, json, prose};
use crate::documents::documentation::{FieldDocumentation, Shape};
use crate::documents::error::DocumentError;
use crate::documents::view::EventView;
use crate::documents::{deprecation, schema, text};
use crate::event::EventDescriptor;

impl Catalogue<'_> {
    pub(super) fn event(&self, place: usize, page: &mut Html) -> Result<(), DocumentError> {
        let Some((event, anchor)) = self.view.event(place).zip(self.events.get(place)) else { return Ok(()) };
        let documentation = event.descriptor.documentation();
        html!(page; "<details class=\"card\" id=\"" (anchor) "\" data-search=\"");
        self.words(event, page);
        html!(page; "\">\n<summary>");
        self.summary(event, place, page);
        html!(page; "</summary>\n<div class=\"body\">\n<div class=\"says\">\n");
        if let Some(note) = deprecation(event.descriptor) {
            html!(page; "<p class=\"warning\"><strong>Deprecated.</strong> ");
            prose::line(note, page);
            html!(page; "</p>\n");
        }
        match documentation.map(|it| it.text()).filter(|written| !written.is_empty()) {
            Some(written) => prose::paragraphs(written, page),
            None => {
                html!(page; "<p class=\"faint\">Nothing is written about this event: a doc comment on its type would stand here.</p>");
            }
        }
        if let Some(documentation) = documentation {
            fields(documentation.fields(), documentation.shape(), page);
        }
        self.examples(event, page)?;
        if let Some(schema) = schema::whole(event.descriptor, self.documents.format, self.documents.side) {
            html!(page; "<details class=\"more\"><summary>JSON Schema of the message</summary><pre tabindex=\"0\"><code>");
            html!(page; (format_args!("{schema:#}")) "</code></pre></details>\n");
        }
        html!(page; "</div>\n<aside>");
        self.way(event, page);
        self.versions(event, place, page);
        details(event.descriptor, page);
        html!(page; "</aside>\n</div>\n</details>\n");
        Ok(())
    }

    /// What the search looks through.
    fn words(&self, event: &EventView, page: &mut Html) {
        let descriptor = event.descriptor;
        html!(page; (descriptor) " " (descriptor.topic().unwrap_or_default()) " " (descriptor.type_name()));
        for alias in descriptor.aliases() {
            html!(page; " " (alias));
        }
        if let Some(documentation) = descriptor.documentation() {
            html!(page; " " (documentation.text()));
            for field in documentation.fields() {
                html!(page; " " (field.name()) " " (field.type_name()) " " (field.text()));
            }
        }
        for (_, subscriber) in self.view.subscribers_at(&event.subscribers) {
            html!(page; " " (subscriber.name));
            if let Some(queue) = subscriber.queue.and_then(|queue| self.view.queues.get(queue)) {
                html!(page; " " (&queue.name));
            }
        }
        if descriptor.is_local() {
            html!(page; " local");
        }
        if deprecation(descriptor).is_some() {
            html!(page; " deprecated");
        }
    }

    fn summary(&self, event: &EventView, place: usize, page: &mut Html) {
        let descriptor = event.descriptor;
        html!(page; "<span class=\"title\"><h3>" (descriptor.name()) "</h3> <span class=\"pill\">v" (descriptor.version()) "</span>");
        if event.versions.last().is_some_and(|newest| *newest != place) {
            html!(page; " <span class=\"pill old\">older version</span>");
        }
        if deprecation(descriptor).is_some() {
            html!(page; " <span class=\"pill bad\">deprecated</span>");
        }
        if descriptor.is_local() {
            html!(page; " <span class=\"pill\">stays in the process</span>");
        }
        html!(page; "</span>");
        let line = descriptor.documentation().map(|it| text::summary(it.text())).unwrap_or_default();
        html!(page; "<span class=\"line\">");
        prose::line(&line, page);
        html!(page; "</span><span class=\"facts\">");
        if let Some(topic) = descriptor.topic() {
            html!(page; "<span class=\"tag topic\">" (self.documents.topic_address(topic)) "</span>");
        }
        html!(page; "<span class=\"count\">");
        match self.newest(event).filter(|newest| newest.descriptor.version() != descriptor.version()) {
            Some(newest) if event.subscribers.is_empty() => {
                html!(page; "read as v" (newest.descriptor.version()));
            }
            _ => {
                let count = event.subscribers.len();
                html!(page; (count) (if count == 1 { " subscriber" } else { " subscribers" }));
            }
        }
        html!(page; "</span></span>");
    }

    fn newest(&self, event: &EventView) -> Option<&EventView> {
        event.versions.last().and_then(|newest| self.view.event(*newest))
    }

    fn examples(&self, event: &EventView, page: &mut Html) -> Result<(), DocumentError> {
        for (at, example) in event.descriptor.examples().enumerate() {
            if event.descriptor.is_local() {
                break;
            }
            let body = example.body(self.documents.format);
            let body = body.map_err(|why| DocumentError::example(event.descriptor, why))?;
            html!(page; "<details class=\"more\"");
            if at == 0 {
                html!(page; " open");
            }
            html!(page; "><summary>Example " (at + 1) "</summary><pre tabindex=\"0\"><code>");
            json::pretty(&body, page);
            html!(page; "</code></pre></details>\n");
        }
        Ok(())
    }

    /// Where it goes, and where it comes from.
    fn way(&self, event: &EventView, page: &mut Html) {
        html!(page; "<h4>Its way</h4>\n<ol class=\"way\">");
        if let Some(topic) = event.topic {
            html!(page; "<li>");
            self.topic_link(topic, page);
            html!(page; "</li>");
        }
        let mut queues: Vec<Option<usize>> =
            self.view.subscribers_at(&event.subscribers).map(|(_, subscriber)| subscriber.queue).collect();
        queues.sort_unstable();
        queues.dedup();
        for queue in queues {
            html!(page; "<li>");
            if let Some(queue) = queue {
                self.queue_link(queue, page);
            }
            html!(page; "<ul>");
            for (subscriber_at, subscriber) in self.view.subscribers_at(&event.subscribers) {
                if subscriber.queue == queue {
                    html!(page; "<li>");
                    self.subscriber_link(subscriber_at, page);
                    html!(page; "<span class=\"source\">" (subscriber.location) "</span></li>");
                }
            }
            html!(page; "</ul></li>");
        }
        html!(page; "</ol>");
        if event.subscribers.is_empty() {
            match self.newest(event).filter(|newest| !newest.subscribers.is_empty()) {
                Some(newest) => {
                    html!(page; "<p class=\"faint\">Whoever listens to v" (newest.descriptor.version()) " reads it, too.</p>");
                }
                None => {
                    html!(page; "<p class=\"faint\">Nobody in this program listens to it.</p>");
                }
            }
        }
    }

    fn versions(&self, event: &EventView, place: usize, page: &mut Html) {
        if event.versions.len() > 1 {
            html!(page; "<h4>Versions</h4>\n<p class=\"versions\">");
            for version in event.versions.iter().rev() {
                if *version == place {
                    html!(page; "<span class=\"tag event here\" aria-current=\"true\">v" (event.descriptor.version()) "</span> ");
                } else if let Some((other, anchor)) = self.view.event(*version).zip(self.events.get(*version)) {
                    html!(page; "<a class=\"tag event\" href=\"#" (anchor) "\">v" (other.descriptor.version()) "</a> ");
                }
            }
            html!(page; "</p>");
        }
    }
}

fn details(descriptor: &EventDescriptor, page: &mut Html) {
    html!(page; "<h4>Details</h4>\n<dl>");
    if !descriptor.aliases().is_empty() {
        html!(page; "<dt>Also read as</dt><dd><code>" (descriptor.aliases().join(", ")) "</code></dd>");
    }
    if !descriptor.attributes().is_empty() {
        html!(page; "<dt>Attributes</dt><dd><code>" (descriptor.attributes().join(", ")) "</code></dd>");
    }
    html!(page; "<dt>Order</dt><dd>");
    if descriptor.has_key() {
        html!(page; "kept within a key");
    } else {
        html!(page; "not kept");
    }
    html!(page; "</dd><dt>Rust type</dt><dd><code>" (descriptor.type_name()) "</code></dd>");
    html!(page; "<dt>Declared at</dt><dd class=\"source\">" (descriptor.location()) "</dd></dl>");
}

fn fields(fields: &[FieldDocumentation], shape: Shape, page: &mut Html) {
    if fields.is_empty() {
        return;
    }
    let is_enum = shape == Shape::Enum;
    html!(page; "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Fields\"><table class=\"fields\"><thead><tr><th scope=\"col\">");
    if is_enum {
        html!(page; "Variant</th>");
    } else {
        html!(page; "Field</th><th scope=\"col\">Type</th>");
    }
    html!(page; "<th scope=\"col\">What it says</th></tr></thead><tbody>");
    for field in fields {
        html!(page; "<tr><th scope=\"row\"><code>" (field.name()) "</code>");
        marks(field, page);
        html!(page; "</th>");
        if !is_enum {
            html!(page; "<td><code>" (field.type_name()) "</code></td>");
        }
        html!(page; "<td>");
        prose::line(field.text(), page);
        html!(page; "</td></tr>");
    }
    html!(page; "</tbody></table></div>\n");
}

fn marks(field: &FieldDocumentation, page: &mut Html) {
    let marks = [
        (field.is_key(), "key"),
        (field.is_dedup_id(), "deduplication id"),
        (field.is_topic(), "topic"),
        (field.is_occurred_on(), "when it happened"),
        (field.attribute_name().is_some(), "attribute"),
        (field.is_flattened(), "flattened"),
        (field.is_left_out(), "may be left out"),
    ];
    for (_, mark) in marks.into_iter().filter(|(is, _)| *is) {
        html!(page; " <span class=\"pill small\">" (mark) "</span>");
    }
}
