//! An event of about a kilobyte on the wire: texts, numbers, a list, what may be missing.

use melange::Event;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "orders")]
pub(crate) struct OrderPlaced {
    pub(crate) order_id: String,
    pub(crate) customer: Customer,
    pub(crate) items: Vec<Item>,
    pub(crate) currency: String,
    pub(crate) total_cents: u64,
    pub(crate) discount: f64,
    pub(crate) is_gift: bool,
    pub(crate) coupon: Option<String>,
    pub(crate) note: Option<String>,
    pub(crate) channel: Channel,
    pub(crate) tags: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Customer {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) street: String,
    pub(crate) city: String,
    pub(crate) postcode: String,
    pub(crate) country: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Item {
    pub(crate) sku: String,
    pub(crate) title: String,
    pub(crate) quantity: u32,
    pub(crate) unit_cents: u64,
    pub(crate) weight_kg: f64,
    pub(crate) note: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Channel {
    Web,
    Shop,
}

/// One of them.
pub(crate) fn order() -> OrderPlaced {
    let item = |sku: &str, title: &str, quantity, unit_cents, weight_kg, note: Option<&str>| Item {
        sku: sku.to_owned(),
        title: title.to_owned(),
        quantity,
        unit_cents,
        weight_kg,
        note: note.map(str::to_owned),
    };
    OrderPlaced {
        order_id: "o-2026-11-000417".to_owned(),
        customer: Customer {
            id: 90_071_992,
            name: "Zoë Washburne".to_owned(),
            email: "zoe.washburne@example.com".to_owned(),
            street: "17 Serenity Lane, flat \"C\"".to_owned(),
            city: "Persephone".to_owned(),
            postcode: "PE7 4ST".to_owned(),
            country: "GB".to_owned(),
        },
        items: vec![
            item("TEA-0042-GRN", "Green tea, loose, 250 g", 2, 1_249, 0.27, None),
            item("KTL-0007-CU", "Copper kettle, 1.2 l", 1, 8_900, 1.434, Some("engrave: To Wash")),
            item("CUP-0311-BLU", "Cup, blue glaze, set of four", 1, 3_600, 0.98, None),
        ],
        currency: "EUR".to_owned(),
        total_cents: 14_998,
        discount: 0.05,
        is_gift: true,
        coupon: Some("AUTUMN-26".to_owned()),
        note: Some("Ring twice; if nobody is in, leave it with the neighbour at number 19.".to_owned()),
        channel: Channel::Web,
        tags: vec!["returning".to_owned(), "newsletter".to_owned()],
    }
}
