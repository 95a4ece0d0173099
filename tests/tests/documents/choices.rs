//! Events that are enums, without a `JsonSchema`: in each form that serde gives them.
#![allow(dead_code, reason = "they are described, and some of them written")]

use melange::documents::{Documents, Side};
use melange::{Event, Registry, subscriber, subscribers};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// It has a schema of its own.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Card {
    last4: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    brand: Option<String>,
}

/// It has none.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Plain {
    a: u8,
}

macro_rules! choices {
    ($($(#[$of:meta])* $name:ident { $($body:tt)* } [$($example:expr),* $(,)?])*) => {
        $(
            #[derive(Serialize, Deserialize, Event)]
            $(#[$of])*
            #[event(topic = "choices" $(, example = $example)*)]
            pub(crate) enum $name { $($body)* }
        )*
    };
}

choices! {
    #[serde(rename_all = "snake_case", rename_all_fields = "camelCase")]
    Outside {
        /// Not yet.
        NotPaid,
        ByCard(Card),
        ByPlain(Plain),
        #[serde(rename = "both")]
        Two(u8, String),
        Fields { total_cents: u64, #[serde(default)] gift: bool },
        #[serde(skip)] Never,
        #[serde(skip_serializing, alias = "earlier")] Older(u8),
        Partly(#[serde(skip)] u8, u16),
        #[serde(with = "by_hand")] ByHand(u8),
    } [
        Self::NotPaid, Self::ByCard(Card::default()), Self::ByPlain(Plain::default()), Self::Two(1, "x".into()),
        Self::Fields { total_cents: 1, gift: true }, Self::Partly(1, 2), Self::ByHand(3),
    ]

    #[serde(tag = "kind")]
    Inside {
        NotPaid,
        ByCard(Card),
        ByPlain(Plain),
        Fields { sum: u64, #[serde(flatten)] more: Plain },
        #[serde(other)] Else,
    } [
        Self::NotPaid, Self::ByCard(Card { last4: "1".into(), brand: Some("b".into()) }), Self::ByPlain(Plain::default()),
        Self::Fields { sum: 1, more: Plain::default() }, Self::Else,
    ]

    #[serde(tag = "kind", content = "of")]
    Beside {
        NotPaid,
        ByCard(Card),
        Maybe(Option<u8>),
        Two(u8, Plain),
        Fields { sum: u64 },
    } [
        Self::NotPaid, Self::ByCard(Card::default()), Self::Maybe(None), Self::Two(1, Plain::default()), Self::Fields { sum: 1 },
    ]

    #[serde(untagged)]
    Untagged {
        Nothing,
        Number(i64),
        Card(Card),
        Fields { sum: u64 },
    } [Self::Nothing, Self::Number(-1), Self::Card(Card::default()), Self::Fields { sum: 1 }]

    #[serde(tag = "kind")]
    Mixed {
        A { a: u8 },
        #[serde(untagged)] B { b: u8 },
    } [Self::A { a: 1 }, Self::B { b: 1 }]

    Nobody {} []
}

mod by_hand {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(number: &u8, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(number)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u8, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[subscriber(listens_to = [Outside, Inside, Beside, Untagged, Mixed, Nobody])]
async fn listens() {}

pub(crate) fn documents() -> Documents {
    Registry::of(subscribers![listens]).documents().title("Choices")
}

fn data(name: &str, side: Side) -> Value {
    documents().side(side).schemas()[&format!("{name}.v1")]["properties"]["data"].clone()
}

fn integer(format: &str) -> Value {
    let mut schema = json!({ "type": "integer", "format": format });
    match format {
        "uint8" => (schema["minimum"], schema["maximum"]) = (json!(0), json!(255)),
        "uint64" => schema["minimum"] = json!(0),
        _ => {}
    }
    schema
}

fn alone(name: &str, holds: &Value) -> Value {
    json!({ "type": "object", "properties": { name: holds }, "required": [name], "additionalProperties": false })
}

#[test]
fn a_name_around_what_it_holds() {
    let card = json!({ "$ref": "#/$defs/Card" });
    let list = |items: &[Value]| json!({ "type": "array", "prefixItems": items, "minItems": items.len(), "maxItems": items.len() });
    let fields = |required: &[&str]| {
        json!({
            "type": "object",
            "properties": { "totalCents": integer("uint64"), "gift": { "type": "boolean" } },
            "required": required,
        })
    };
    let not_paid = json!({ "type": "string", "const": "not_paid", "description": "Not yet." });
    let both = alone("both", &list(&[integer("uint8"), json!({ "type": "string" })]));
    let common = [not_paid, alone("by_card", &card), alone("by_plain", &json!({})), both];
    let rest = [alone("partly", &json!({})), alone("by_hand", &json!({}))];
    let written = [&common[..], &[alone("fields", &fields(&["totalCents", "gift"]))], &rest].concat();
    assert_eq!(data("Outside", Side::Written), json!({ "oneOf": written }));
    let older = [alone("older", &integer("uint8")), alone("earlier", &integer("uint8"))];
    let read = [&common[..], &[alone("fields", &fields(&["totalCents"]))], &older, &rest].concat();
    assert_eq!(data("Outside", Side::Read), json!({ "oneOf": read }));
}

#[test]
fn a_tag_among_what_it_holds() {
    let schema = data("Inside", Side::Written);
    let [not_paid, by_card, by_plain, fields, other] = schema["oneOf"].as_array().unwrap().as_slice() else {
        panic!("{schema:#}")
    };
    let tag = |name: &str| json!({ "type": "string", "const": name });
    let only = |name: &str| json!({ "type": "object", "properties": { "kind": tag(name) }, "required": ["kind"] });
    assert_eq!((not_paid, by_plain, other), (&only("NotPaid"), &only("ByPlain"), &only("Else")));
    assert_eq!((&by_card["properties"]["kind"], &by_card["required"]), (&tag("ByCard"), &json!(["kind", "last4"])));
    assert_eq!(by_card["properties"]["last4"], json!({ "type": "string" }));
    assert_eq!(fields["required"], json!(["kind", "sum"]), "what is flattened, nobody knows");
    let read = data("Inside", Side::Read);
    assert_eq!(read["anyOf"][4], json!({ "type": "object", "required": ["kind"] }), "of any other name: {read:#}");
}

#[test]
fn a_tag_beside_what_it_holds() {
    let schema = data("Beside", Side::Written);
    assert_eq!(schema["oneOf"][0]["required"], json!(["kind"]));
    assert_eq!(schema["oneOf"][0]["properties"], json!({ "kind": { "type": "string", "const": "NotPaid" } }));
    assert_eq!(schema["oneOf"][1]["properties"]["of"], json!({ "$ref": "#/$defs/Card" }));
    assert_eq!(schema["oneOf"][2]["required"], json!(["kind", "of"]));
    assert_eq!(
        data("Beside", Side::Read)["oneOf"][2]["required"],
        json!(["kind"]),
        "serde takes a missing one for none"
    );
    assert_eq!(schema["oneOf"][3]["properties"]["of"]["prefixItems"][1], json!({}));
    assert_eq!(schema["oneOf"][4]["properties"]["of"]["required"], json!(["sum"]));
}

#[test]
fn nothing_says_which() {
    let schema = data("Untagged", Side::Written);
    let any = schema["anyOf"].as_array().unwrap();
    assert_eq!((&any[0], &any[1]), (&json!({ "type": "null" }), &integer("int64")));
    assert_eq!((&any[2], &any[3]["required"]), (&json!({ "$ref": "#/$defs/Card" }), &json!(["sum"])));
    let mixed = data("Mixed", Side::Written);
    assert_eq!(mixed["anyOf"][0]["required"], json!(["kind", "a"]));
    assert_eq!(mixed["anyOf"][1]["required"], json!(["b"]));
    assert_eq!(data("Nobody", Side::Written), json!({ "not": {} }), "nobody can publish it");
}

#[test]
fn the_catalogue_names_variants_as_they_are_on_the_wire() {
    let page = documents().catalogue().unwrap();
    assert!(page.contains("<code>not_paid</code>") && page.contains("<code>both</code>"));
    assert!(!page.contains("<code>Never</code>"));
}
