//! A message, as it is shown.

use std::collections::BTreeMap;

use melange::cli::{Failure, Glance, Screen, printable};
use melange::transport::{Body, Delivery, Inbound};
use serde::Serialize;
use serde_json::value::RawValue;

/// A message, as it is shown: its body too, since that is what was asked for.
pub(super) struct Shown<'a> {
    glance: Glance,
    inbound: Option<&'a Inbound>,
    /// Why there is nothing to show.
    unreadable: Option<String>,
    sent_at: Option<String>,
    group: Option<&'a str>,
}

#[derive(Serialize)]
struct Line<'a> {
    event_type_name: Option<&'a str>,
    version: Option<u32>,
    event_id: Option<&'a str>,
    occurred_on: Option<&'a str>,
    sent_at: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    attributes: BTreeMap<&'a str, Option<&'a str>>,
    /// Where it is JSON.
    body: Option<&'a RawValue>,
    /// Where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
}

impl<'a> Shown<'a> {
    pub(super) fn of(delivery: &'a Delivery) -> Self {
        let (inbound, unreadable) = match &delivery.content {
            Ok(inbound) => (Some(inbound), None),
            Err(why) => (None, Some(why.to_string())),
        };
        Self {
            glance: Glance::at(inbound.and_then(text), inbound.map(|inbound| &inbound.attributes)),
            inbound,
            unreadable,
            sent_at: delivery.sent_at.map(|at| at.to_string()),
            group: delivery.group.as_deref(),
        }
    }

    pub(super) fn event_type_name(&self) -> Option<&str> {
        self.glance.event_type_name.as_deref()
    }

    pub(super) fn show(&self, screen: &mut Screen) -> Result<(), Failure> {
        let glance = &self.glance;
        let body = self.inbound.and_then(text);
        if screen.is_json() {
            let json = body.and_then(|body| serde_json::from_str::<&RawValue>(body).ok());
            let attributes = self.inbound.map(|inbound| &inbound.attributes);
            return screen.json_line(&Line {
                event_type_name: glance.event_type_name.as_deref(),
                version: glance.version,
                event_id: glance.event_id.as_deref(),
                occurred_on: glance.occurred_on.as_deref(),
                sent_at: self.sent_at.as_deref(),
                key: self.group,
                attributes: attributes
                    .into_iter()
                    .flat_map(|attributes| attributes.iter().map(|(name, _)| (name, attributes.text(name))))
                    .collect(),
                body: json,
                text: body.filter(|_| json.is_none()),
            });
        }
        let at = glance.occurred_on.as_deref().or(self.sent_at.as_deref()).unwrap_or("-");
        let name = glance.event_type_name.as_deref().unwrap_or("(without a name)");
        let version = glance.version.map(|version| format!(" v{version}")).unwrap_or_default();
        let id = glance.event_id.as_deref().unwrap_or("-");
        screen.heading(printable(&format!("{at}  {name}{version}  {id}")))?;
        match (body, &self.unreadable) {
            (Some(body), _) => screen.line(printable(body.trim_end())),
            (None, why) => screen.line(printable(why.as_deref().unwrap_or("(no body)"))),
        }
    }
}

fn text(inbound: &Inbound) -> Option<&str> {
    match &inbound.body {
        Body::Json(text) => Some(text),
        _ => None,
    }
}
