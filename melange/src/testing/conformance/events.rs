//! The events of the cases. Written by hand, so that nothing is put into the registry of whoever runs the suite.

use serde::{Deserialize, Serialize};

use crate::attributes::AttributeValue;
use crate::codec::{Codec, Layout};
use crate::event::{Event, EventDescriptor, Route};
use crate::metadata::Metadata;
use crate::transport::{Body, Message};
use crate::{Attributes, Location, Timestamp, attributes};

const HERE: Location = Location::new(module_path!(), file!(), line!());
const FLAT: Layout = Layout::Flat { own: &[], open: false };

/// An order, to a standard topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Placed {
    pub(crate) order: String,
    pub(crate) number: u64,
}

impl Event for Placed {
    const DESCRIPTOR: &'static EventDescriptor = &EventDescriptor::new::<Self>("Placed", "Placed", HERE)
        .with_topic("conformance-orders")
        .with_attributes(&["order"])
        .with_codec(Codec::json::<Self>(FLAT));

    fn route(&self) -> Route<'_> {
        // Some brokers refuse characters in attributes that they take in bodies.
        let plain = self.order.is_ascii() && !self.order.is_empty() && self.order.len() < 100;
        let attribute = plain.then(|| ("order", AttributeValue::String(self.order.clone())));
        Route { attributes: attribute.into_iter().collect(), ..Route::default() }
    }
}

/// Another event of the same topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cancelled {
    pub(crate) order: String,
    pub(crate) at: Option<Timestamp>,
}

impl Event for Cancelled {
    const DESCRIPTOR: &'static EventDescriptor = &EventDescriptor::new::<Self>("Cancelled", "Cancelled", HERE)
        .with_topic("conformance-orders")
        .with_codec(Codec::json::<Self>(FLAT));

    fn route(&self) -> Route<'_> {
        Route { occurred_on: self.at, ..Route::default() }
    }
}

/// A step of an order, to a FIFO topic, one group for each order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Step {
    pub(crate) order: String,
    pub(crate) number: u64,
    pub(crate) id: Option<String>,
}

impl Event for Step {
    const DESCRIPTOR: &'static EventDescriptor = &EventDescriptor::new::<Self>("Step", "Step", HERE)
        .with_topic("conformance-steps.fifo")
        .with_key()
        .with_codec(Codec::json::<Self>(FLAT));

    fn route(&self) -> Route<'_> {
        let (key, dedup_id) = (Some(self.order.as_str().into()), self.id.as_deref().map(Into::into));
        Route { key, dedup_id, ..Route::default() }
    }
}

pub(crate) fn placed(order: &str, number: u64) -> Placed {
    Placed { order: order.to_owned(), number }
}

/// A message as only others write it: with any body, under any name.
pub(crate) fn foreign(name: &'static str, body: &str) -> Message {
    let mut metadata = Metadata::now(name);
    metadata.topic = "conformance-orders".into();
    let name = AttributeValue::String(name.to_owned());
    Message {
        event: Placed::DESCRIPTOR,
        dedup_id: None,
        metadata,
        attributes: Attributes::from_iter([(attributes::EVENT_TYPE, name)]),
        key: None,
        body: Body::Json(body.into()),
    }
}

/// A step of an order as a message, to the FIFO topic.
pub(crate) fn step(order: &str, number: u64, dedup_id: Option<&str>) -> Message {
    let mut metadata = Metadata::now("Step");
    metadata.topic = "conformance-steps.fifo".into();
    let name = AttributeValue::String("Step".to_owned());
    let body = format!(r#"{{"event_type_name": "Step", "order": "{order}", "number": {number}, "id": null}}"#);
    Message {
        event: Step::DESCRIPTOR,
        dedup_id: dedup_id.map(str::to_owned),
        metadata,
        attributes: Attributes::from_iter([(attributes::EVENT_TYPE, name)]),
        key: Some(order.to_owned()),
        body: Body::Json(body.into()),
    }
}
