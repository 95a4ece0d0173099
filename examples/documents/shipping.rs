//! Shipping: events that say nothing of their JSON, which is described by their fields' types.

use melange::{Event, Timestamp, subscriber};
use serde::{Deserialize, Serialize};

use crate::payments::PaymentCaptured;

/// A parcel has left the house.
#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(topic = "shipping", example = Self {
    parcel_id: "p-9".into(),
    order_ids: vec!["o-1".into()],
    grams: 250,
    left_at: "2026-01-31T15:00:00Z".parse().unwrap_or_else(|_| Timestamp::now()),
})]
pub(crate) struct ParcelSent {
    #[event(key)]
    pub(crate) parcel_id: String,
    /// Several orders may share a parcel.
    pub(crate) order_ids: Vec<String>,
    pub(crate) grams: u32,
    #[event(occurred_on)]
    pub(crate) left_at: Timestamp,
}

/// A parcel is where it was sent.
#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "shipping", example = Self { parcel_id: "p-9".into(), signed_by: Some("A. Lovelace".into()) })]
pub(crate) struct ParcelDelivered {
    #[event(key)]
    pub(crate) parcel_id: String,
    pub(crate) signed_by: Option<String>,
}

/// The shelf is empty. Nobody in this program listens to it.
#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "warehouse", example = Self("tea-green-100g".into()))]
pub(crate) struct StockDepleted(pub(crate) String);

#[subscriber(listens_to = PaymentCaptured, queue = "shipping", blocking, concurrency = 2)]
fn print_label(payment: &PaymentCaptured) {
    println!("{}", payment.order_id);
}

#[subscriber(listens_to = [ParcelSent, ParcelDelivered])]
async fn tell_customer(sent: Option<&ParcelSent>, delivered: Option<&ParcelDelivered>) {
    println!("{:?} {:?}", sent.map(|it| it.left_at), delivered.map(|it| &it.signed_by));
}
