//! What serde tells of types of every kind.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::*;

fn shape<T: serde::de::DeserializeOwned>() -> Value {
    serde_json::to_value(Explorer::new(Traced::of::<T>()).explore()).unwrap()
}

/// As the one of the crate `uuid`.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Uuid;

impl TryFrom<String> for Uuid {
    type Error = uuid::Error;

    fn try_from(text: String) -> Result<Self, uuid::Error> {
        text.parse::<uuid::Uuid>().map(|_| Self)
    }
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "only its shape counts")]
struct Inner {
    street: String,
    #[serde(default)]
    floor: u8,
    note: Option<String>,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "only its shape counts")]
#[serde(rename_all = "camelCase")]
struct Outer {
    order_id: Uuid,
    ip: IpAddr,
    at: chrono::DateTime<chrono::Utc>,
    day: chrono::NaiveDate,
    count: NonZeroU32,
    #[serde(alias = "address")]
    ship_to: Inner,
    #[serde(rename = "lines")]
    items: Vec<Inner>,
    pair: (u8, Inner),
    by_name: HashMap<String, Vec<Inner>>,
    by_id: BTreeMap<u64, bool>,
    #[serde(default)]
    gift: bool,
    #[serde(skip)]
    cached: u64,
    kind: Kind,
    anything: Value,
    last: u64,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "only its shape counts")]
#[serde(rename_all = "snake_case")]
enum Kind {
    Plain,
    Of(Inner),
    Two(u8, String),
    Named {
        first: u8,
        second: Option<u8>,
    },
    #[serde(rename = "x")]
    Renamed(#[serde(default)] Option<u64>),
}

fn inner() -> Value {
    json!({ "fields": { "street": "string", "floor": { "default": "u8" }, "note": { "optional": "string" } } })
}

#[test]
fn a_struct_is_known_to_its_depths() {
    assert_eq!(
        shape::<Outer>(),
        json!({ "fields": {
            "orderId": "string (uuid)",
            "ip": "string (ip or ipv6)",
            "at": "string (date-time)",
            "day": "string (date)",
            "count": "u32 (not 0)",
            "shipTo": inner(),
            "address": { "alias": "shipTo" },
            "lines": { "list": inner() },
            "pair": { "tuple": ["u8", inner()] },
            "byName": { "map": { "list": inner() } },
            "byId": { "keyed": { "keys": "u64", "values": "bool" } },
            "gift": { "default": "bool" },
            "kind": { "variants": {
                "plain": "unit",
                "of": inner(),
                "two": { "tuple": ["u8", "string"] },
                "named": { "fields": { "first": "u8", "second": { "optional": "u8" } } },
                "x": { "optional": "u64" },
            } },
            "anything": "any",
            "last": "u64",
        } })
    );
}

#[derive(Serialize, Deserialize)]
struct Node {
    value: u8,
    children: Vec<Node>,
    parent: Option<Box<Node>>,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "only its shape counts")]
enum Expr {
    Neg(Box<Expr>),
    Add { left: Box<Expr>, right: Box<Expr> },
    Num(f64),
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "only its shape counts")]
struct Formula {
    expr: Expr,
    after: u8,
    #[serde(default)]
    optional: u8,
}

#[test]
fn types_that_contain_themselves_end() {
    assert_eq!(
        shape::<Node>(),
        json!({ "fields": {
            "value": "u8",
            "children": { "list": { "recursive": "Node" } },
            "parent": { "optional": { "recursive": "Node" } },
        } })
    );
    let expr = json!({ "variants": {
        "Neg": { "recursive": "Expr" },
        "Add": { "fields": { "left": { "recursive": "Expr" }, "right": { "recursive": "Expr" } } },
        "Num": "f64",
    } });
    let formula = json!({ "fields": { "expr": expr, "after": "u8", "optional": { "default": "u8" } } });
    assert_eq!(shape::<Formula>(), formula);
}

#[derive(Deserialize)]
struct Newtype(#[allow(dead_code, reason = "only its shape counts")] Uuid);

#[derive(Deserialize)]
struct Unit;

#[derive(Deserialize)]
#[serde(try_from = "String")]
#[allow(dead_code, reason = "only its shape counts")]
struct Code(String);

impl TryFrom<String> for Code {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.len() == 3 { Ok(Self(text)) } else { Err("three letters".to_owned()) }
    }
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Panics;

impl From<String> for Panics {
    fn from(_: String) -> Self {
        panic!("never reads anything")
    }
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "only its shape counts")]
struct Price {
    currency: Code,
    cents: u64,
    #[serde(default)]
    tax: u64,
    never: Option<Panics>,
}

#[test]
fn what_is_made_of_a_text_counts() {
    assert_eq!(shape::<Newtype>(), json!("string (uuid)"));
    assert_eq!(shape::<Unit>(), json!("null"));
    assert_eq!(shape::<Code>(), json!("string (ipv6 or code)"));
    assert_eq!(
        shape::<Price>(),
        json!({ "fields": {
            "currency": "string (ipv6 or code)",
            "cents": "u64",
            "tax": { "default": "u64" },
            "never": { "optional": "string (of its own form)" },
        } })
    );
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "only its shape counts")]
#[serde(tag = "kind", content = "of")]
enum Adjacent {
    A(u8),
    B { c: String },
    C,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "only its shape counts")]
#[serde(tag = "kind")]
enum Internal {
    A { a: u8 },
    B,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "only its shape counts")]
struct Flattened {
    a: u8,
    #[serde(flatten)]
    inner: Inner,
}

#[test]
fn what_serde_reads_into_a_buffer_says_what_it_misses() {
    assert_eq!(
        shape::<Internal>(),
        json!({ "tagged": { "by": "kind", "variants": { "A": { "fields": { "a": "u8" } }, "B": { "fields": {} } } } })
    );
    assert_eq!(shape::<Flattened>(), json!({ "fields": { "a": "u8", "street": "string" } }));
    let adjacent = shape::<Adjacent>();
    assert_eq!(
        adjacent["fields"]["kind"],
        json!({ "variants": { "A": "unit", "B": "unit", "C": "unit" } }),
        "{adjacent}"
    );
    let held = json!({ "variants": { "A": "u8", "B": { "fields": { "c": "any" } }, "C": "unit" } });
    assert_eq!(adjacent["fields"]["of"], held, "{adjacent}");
    assert_eq!(shape::<Free>()["fields"]["value"], json!("any"));
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "only its shape counts")]
struct Free {
    kind: Plain,
    value: Value,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "only its shape counts")]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Paid {
    ByCard { last4: String, holder: Option<String>, address: Inner, limit: i32, expires: (u8, u16) },
    ByCode(Coupon),
    InCash,
    With { rate: f32, plain: Plain, id: Uuid, all: Value, flag: bool, lines: Vec<u8> },
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "only its shape counts")]
struct Coupon {
    code: Code,
    #[serde(default)]
    times: u8,
}

#[derive(Deserialize)]
enum Plain {
    One,
    Two,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "only its shape counts")]
struct Bill {
    paid: Paid,
    after: u32,
    #[serde(default)]
    gift: bool,
}

#[test]
fn a_tag_inside_is_asked_for_its_variants_and_what_they_want() {
    let paid = shape::<Paid>();
    assert_eq!(paid["tagged"]["by"], "kind");
    let variants = &paid["tagged"]["variants"];
    assert_eq!(variants["in_cash"], json!({ "fields": {} }));
    assert_eq!(variants["by_code"], json!({ "fields": { "code": "string (ipv6 or code)" } }));
    assert_eq!(variants["by_card"]["fields"]["last4"], "string");
    assert_eq!(variants["by_card"]["fields"]["limit"], "i32");
    assert_eq!(variants["by_card"]["fields"]["address"], json!({ "fields": { "street": "any" } }));
    assert_eq!(variants["by_card"]["fields"]["street"], Value::Null, "it is a field of a field: {variants}");
    let with = &variants["with"]["fields"];
    let plain = json!({ "variants": { "One": "any", "Two": "any" } });
    let all = json!("any");
    assert_eq!(
        with,
        &json!({ "rate": "float", "plain": plain, "id": "string (uuid)", "all": all, "flag": "bool", "lines": "list" })
    );
}

#[test]
fn what_is_beside_a_tagged_enum_is_known_all_the_same() {
    let bill = shape::<Bill>();
    assert_eq!(bill["fields"]["paid"]["tagged"]["by"], "kind");
    assert_eq!((&bill["fields"]["after"], &bill["fields"]["gift"]), (&json!("u32"), &json!({ "default": "bool" })));
}

#[test]
fn a_shape_is_read_back_as_it_was_written() {
    let shape = Explorer::new(Traced::of::<Outer>()).explore();
    let json = serde_json::to_string(&shape).unwrap();
    assert_eq!(serde_json::from_str::<Shape>(&json).unwrap(), shape);
}
