//! Names and attributes.

use melange::{AttributeValue, Attributes};

use crate::{Reader, product, texts};

#[tokio::test]
async fn the_name_is_the_bodys_else_the_manifests_else_the_event_types() {
    let reader = Reader::new();
    let (named, bare) = (product(""), r#"{"product_id": 7}"#);
    for (body, beside) in [
        (named.as_str(), &[("manifest", "ExampleEvent"), ("event_type", "ExampleEvent")] as &[_]),
        (named.as_str(), &[("manifest", "json"), ("event_type", "json")]),
        (bare, &[("manifest", "ProductAdded"), ("event_type", "ExampleEvent")]),
        (bare, &[("manifest", "ProductAdded")]),
        (bare, &[("event_type", "ProductAdded")]),
        // Python's JsonSerializer names itself, not the event.
        (bare, &[("manifest", "json"), ("event_type", "ProductAdded")]),
        (bare, &[("manifest", ""), ("event_type", "ProductAdded")]),
        (r#"{"event_type_name": "", "product_id": 7}"#, &[("manifest", "ProductAdded")]),
        (r#"{"event_type_name": null, "product_id": 7}"#, &[("manifest", "ProductAdded")]),
        (r#"{"event_type_name": 3, "product_id": 7}"#, &[("manifest", "ProductAdded")]),
    ] {
        let (seen, meta) = reader.handled_with(body, texts(beside)).await;
        assert_eq!((seen.product_id, meta.event_type_name.as_ref()), (Some(7), "ProductAdded"), "{beside:?}");
    }
    for beside in [
        &[] as &[_],
        &[("manifest", "json")],
        &[("event_type", "json")],
        &[("manifest", "json"), ("event_type", "json")],
    ] {
        let reason = reader.dead(bare, texts(beside)).await;
        assert!(reason.contains("does not say what it is"), "{beside:?}: {reason}");
    }
    let mut binary = Attributes::new();
    binary.set("manifest", AttributeValue::Binary(b"ProductAdded".to_vec()));
    assert!(reader.dead(bare, binary).await.contains("does not say what it is"));
}

#[tokio::test]
async fn a_pickle_is_refused_unread() {
    let reader = Reader::new();
    for body in ["gASVCQAAAAAAAABdlChLAUsCZS4=\n", &product(""), "{", ""] {
        for id in [
            AttributeValue::Number("2".into()),
            AttributeValue::String("2".into()),
            AttributeValue::String(" 2 ".into()),
        ] {
            let mut beside = texts(&[("manifest", "ProductAdded")]);
            beside.set("serializer_id", id);
            let reason = reader.dead(body, beside).await;
            assert!(reason.contains("pickle") && reason.contains("publish JSON"), "{reason}");
        }
    }
}

#[tokio::test]
async fn other_serializers_are_read_if_what_they_wrote_is_json() {
    let reader = Reader::new();
    for id in ["1", "0", "123", "99", "-1", "1.0", "x", "22"] {
        for value in [AttributeValue::Number(id.to_owned()), AttributeValue::String(id.to_owned())] {
            let mut beside = Attributes::new();
            beside.set("serializer_id", value);
            assert_eq!(reader.handled_with(&product(""), beside).await.0.product_id, Some(7), "{id}");
        }
    }
    let mut beside = texts(&[("manifest", "ProductAdded")]);
    beside.set("serializer_id", AttributeValue::Number("123".to_owned()));
    assert!(reader.dead("<product id='7'/>", beside).await.contains("not valid JSON"));
}
