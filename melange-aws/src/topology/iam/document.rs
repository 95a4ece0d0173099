//! From calls to documents.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::calls::{ALL, Call, On, When};
use super::{Part, Role, key};
use crate::provision::{Model, QueueModel, TopicModel};

/// Most characters of a managed policy, white space aside. Source: the IAM user guide, quotas of IAM and STS.
const MOST: usize = 6_144;
/// What a document has beside its statements.
const FRAME: usize = r#"{"Statement":[],"Version":"2012-10-17"}"#.len();

/// What `role` may do; several documents where one would be too long.
pub(super) fn of(role: Role, model: &Model) -> Vec<Value> {
    let mut documents = Vec::new();
    let mut now = Vec::new();
    let mut room = MOST - FRAME;
    for statement in statements(role, model).into_iter().flat_map(|statement| statement.split(room_of_its_own())) {
        let value = statement.value();
        // The comma counts too.
        let length = length(&value) + 1;
        if length > room && !now.is_empty() {
            documents.push(document(std::mem::take(&mut now)));
            room = MOST - FRAME;
        }
        room = room.saturating_sub(length);
        now.push(value);
    }
    if !now.is_empty() {
        documents.push(document(now));
    }
    documents
}

/// The actions that `parts` allow, which are those of `role`.
pub(super) fn actions(role: Role, parts: &[Part]) -> Vec<&'static str> {
    let listed: BTreeSet<&str> = parts
        .iter()
        .filter_map(|part| part.document["Statement"].as_array())
        .flatten()
        .filter_map(|statement| statement["Action"].as_array())
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let made = ALL.iter().filter(|call| call.roles.contains(&role)).map(|call| call.action);
    made.filter(|action| listed.contains(action)).collect::<BTreeSet<_>>().into_iter().collect()
}

struct Statement {
    sid: String,
    actions: BTreeSet<&'static str>,
    resources: BTreeSet<String>,
    condition: Option<Value>,
}

fn statements(role: Role, model: &Model) -> Vec<Statement> {
    let mut by_place: BTreeMap<(On, &str), Statement> = BTreeMap::new();
    for call in ALL.iter().filter(|call| call.roles.contains(&role) && is_made(call, model)) {
        let resources = resources(call.on, model);
        if resources.is_empty() {
            continue;
        }
        let service = call.action.split(':').next().unwrap_or_default();
        let statement = by_place.entry((call.on, service)).or_insert_with(|| Statement {
            sid: sid(call.on),
            actions: BTreeSet::new(),
            resources,
            condition: (call.on == On::Key).then(|| key::of(model)?.condition()).flatten(),
        });
        statement.actions.insert(call.action);
    }
    // What is about the same is one statement.
    let mut all: Vec<Statement> = Vec::new();
    for statement in by_place.into_values() {
        match all.iter_mut().find(|known| known.resources == statement.resources) {
            Some(known) => known.actions.extend(statement.actions),
            None => all.push(statement),
        }
    }
    all
}

fn is_made(call: &Call, model: &Model) -> bool {
    match call.when {
        When::Always => true,
        When::Tagged => {
            model.queues.iter().any(|queue| !queue.tags.is_empty())
                || model.topics.iter().any(|topic| !topic.tags.is_empty())
        }
        When::TopicsAreSet => model.topics.iter().any(TopicModel::is_set),
        When::Encrypted => key::of(model).is_some(),
    }
}

fn resources(on: On, model: &Model) -> BTreeSet<String> {
    let topics = |wanted: fn(&TopicModel) -> bool| {
        model.topics.iter().filter(|topic| wanted(topic)).map(|topic| topic.arn.clone()).collect()
    };
    let queues = |wanted: fn(&QueueModel) -> bool| {
        model.queues.iter().filter(|queue| wanted(queue)).map(|queue| queue.arn.clone()).collect()
    };
    match on {
        On::Topics => topics(|_| true),
        On::ListenedTopics => topics(|topic| topic.listened),
        On::OwnTopics => topics(|topic| !topic.elsewhere),
        On::Queues => queues(|queue| !queue.dead_letters),
        On::DeadLetterQueues => queues(|queue| queue.dead_letters),
        On::AllQueues => queues(|_| true),
        On::Subscriptions if model.feeds.is_empty() => BTreeSet::new(),
        On::Subscriptions => ["*".to_owned()].into(),
        On::Key => key::of(model).map(|key| key.arn().to_owned()).into_iter().collect(),
    }
}

fn sid(on: On) -> String {
    format!("{on:?}")
}

impl Statement {
    fn value(&self) -> Value {
        let mut value = json!({
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": self.actions,
            "Resource": self.resources,
        });
        if let Some(condition) = &self.condition {
            value["Condition"] = condition.clone();
        }
        value
    }

    /// With no more resources in one than there is room for.
    fn split(self, room: usize) -> Vec<Self> {
        if length(&self.value()) < room {
            return vec![self];
        }
        let bare = length(&Self { resources: BTreeSet::new(), ..self.copy(String::new()) }.value());
        let mut all = vec![self.copy(format!("{}1", self.sid))];
        let mut left = room.saturating_sub(bare);
        for resource in &self.resources {
            // Quotes and a comma.
            let length = resource.chars().count() + 3;
            if length > left && all.last().is_some_and(|last| !last.resources.is_empty()) {
                all.push(self.copy(format!("{}{}", self.sid, all.len() + 1)));
                left = room.saturating_sub(bare);
            }
            left = left.saturating_sub(length);
            if let Some(last) = all.last_mut() {
                last.resources.insert(resource.clone());
            }
        }
        all
    }

    fn copy(&self, sid: String) -> Self {
        Self { sid, actions: self.actions.clone(), resources: BTreeSet::new(), condition: self.condition.clone() }
    }
}

/// What a statement may take that has a document for itself. A number may stand at the end of its name.
fn room_of_its_own() -> usize {
    MOST - FRAME - 8
}

fn length(value: &Value) -> usize {
    value.to_string().chars().filter(|c| !c.is_whitespace()).count()
}

fn document(statements: Vec<Value>) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}
