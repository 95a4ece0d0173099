//! Builds of one service: each module is one, with its own `Placed`.

use melange::Event;
use serde::{Deserialize, Serialize};

/// Events called `Placed`, each the only one of its module.
macro_rules! builds {
    ($($build:ident { $($item:tt)* })*) => {$(
        pub(crate) mod $build {
            use super::*;
            #[derive(Serialize, Deserialize, Event)]
            $($item)*
        }
    )*};
}

builds! {
    base { #[event(topic = "orders")]
        pub struct Placed { order_id: String, total: u64, note: Option<String> } }
    base_again { #[event(topic = "orders")]
        pub struct Placed { note: Option<String>, total: u64, order_id: String } }
    without { #[event(topic = "orders")]
        pub struct Placed { order_id: String, note: Option<String> } }
    without_optional { #[event(topic = "orders")]
        pub struct Placed { order_id: String, total: u64 } }
    wider { #[event(topic = "orders")]
        pub struct Placed { order_id: String, total: u128, note: Option<String> } }
    with_required { #[event(topic = "orders")]
        pub struct Placed { order_id: String, total: u64, note: Option<String>, currency: String } }
    with_optional { #[event(topic = "orders")]
        pub struct Placed { order_id: String, total: u64, note: Option<String>, currency: Option<String> } }
    with_default { #[event(topic = "orders")]
        pub struct Placed { order_id: String, total: u64, note: Option<String>, #[serde(default)] currency: String } }
    made_required { #[event(topic = "orders")]
        pub struct Placed { order_id: String, total: u64, note: String } }
    made_optional { #[event(topic = "orders")]
        pub struct Placed { order_id: String, #[serde(default)] total: u64, note: Option<String> } }
    renamed { #[event(topic = "orders")]
        pub struct Placed { order_id: String, total_cents: u64, note: Option<String> } }
    renamed_in_source { #[event(topic = "orders")]
        pub struct Placed { order_id: String, #[serde(rename = "total")] total_cents: u64, note: Option<String> } }
    renamed_with_alias { #[event(topic = "orders")]
        pub struct Placed { order_id: String, #[serde(alias = "total")] total_cents: u64, note: Option<String> } }
    camel { #[event(topic = "orders")] #[serde(rename_all = "camelCase")]
        pub struct Placed { order_id: String, total: u64, note: Option<String> } }
    skipped { #[event(topic = "orders")]
        pub struct Placed { order_id: String, total: u64, note: Option<String>, #[serde(skip)] #[expect(dead_code, reason = "on no wire")] cached: u64 } }
    moved { #[event(topic = "others")]
        pub struct Placed { order_id: String, total: u64, note: Option<String> } }
    keyed { #[event(topic = "orders")]
        pub struct Placed { #[event(key)] order_id: String, total: u64, note: Option<String> } }
    attributed { #[event(topic = "orders")]
        pub struct Placed { order_id: String, #[event(attribute)] total: u64, note: Option<String> } }
    tuple { #[event(topic = "orders")]
        pub struct Placed(String, u64, Option<String>); }
    tuple_longer { #[event(topic = "orders")]
        pub struct Placed(String, u64, Option<String>, u8); }
    tuple_changed { #[event(topic = "orders")]
        pub struct Placed(String, i64, Option<String>); }
    unit { #[event(topic = "orders")]
        pub struct Placed; }
    aliased { #[event(topic = "orders", alias = ["Old"])]
        pub struct Placed { order_id: String, total: u64, note: Option<String> } }
    new_name { #[event(topic = "orders", name = "OrderPlaced", alias = ["Placed"])]
        pub struct Placed { order_id: String, total: u64, note: Option<String> } }
    other_name { #[event(topic = "orders", name = "OrderPlaced")]
        pub struct Placed { order_id: String, total: u64, note: Option<String> } }
    local { #[event(local)]
        pub struct Placed { order_id: String, total: u64, note: Option<String> } }
    choice { #[event(topic = "orders")]
        pub enum Placed { Paid { cents: u64 }, Open, Gone(String) } }
    choice_narrower { #[event(topic = "orders")]
        pub enum Placed { Paid { cents: u64 }, Open } }
    choice_changed { #[event(topic = "orders")]
        pub enum Placed { Paid { cents: u64, by: String }, Open, Gone(u8) } }
    tagged { #[event(topic = "orders")] #[serde(tag = "kind", rename_all = "snake_case")]
        pub enum Placed { IsPaid { cents: u64 }, IsOpen } }
    tagged_narrower { #[event(topic = "orders")] #[serde(tag = "kind", rename_all = "snake_case")]
        pub enum Placed { IsPaid { cents: u64 } } }
    flattened { #[event(topic = "orders")]
        pub struct Placed { order_id: String, #[serde(flatten)] extra: Extra, #[serde(default)] gift: bool } }
    flattened_by_hand { #[event(topic = "orders")]
        pub struct Placed { order_id: String, street: String, zip: Option<String>, #[serde(default)] gift: bool } }
    flattened_narrower { #[event(topic = "orders")]
        pub struct Placed { order_id: String, #[serde(flatten)] extra: Less, #[serde(default)] gift: bool } }
    flattened_map { #[event(topic = "orders")]
        pub struct Placed { order_id: String, #[serde(flatten)] rest: std::collections::BTreeMap<String, u64> } }
}

#[derive(Serialize, Deserialize)]
pub struct Extra {
    street: String,
    zip: Option<String>,
}

#[derive(Serialize, Deserialize)]
pub struct Less {
    street: String,
}
