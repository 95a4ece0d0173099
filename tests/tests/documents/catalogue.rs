//! The catalogue, as far as Rust can judge it; a browser does in `needs_browser`.

use std::time::{Duration, Instant};

use crate::{hostile, many, shop};

/// What stands in the page, tags and texts apart.
fn texts(page: &str) -> Vec<&str> {
    page.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text).collect()
}

#[test]
fn everything_there_is_can_be_found() {
    let page = shop::documents().description("A small shop.").catalogue().unwrap();
    let texts = texts(&page);
    for wanted in [
        "Shop",
        "1.2.3",
        "A small shop.",
        "OrderPlaced",
        "A customer has ordered.",
        "What the customer is told.",
        "Option&lt;String&gt;",
        "orders",
        "books.fifo",
        "books-dlq.fifo",
        "receipt",
        "OrderCreated",
        "3 times, 2s to 1m apart",
        "older version",
        "stays in the process",
    ] {
        assert!(texts.iter().any(|text| text.contains(wanted)), "{wanted} is not in the catalogue");
    }
    assert!(page.contains("documents/shop.rs:"), "subscribers have a place");
    assert!(page.contains(r#"<b>&quot;order_id&quot;</b>: <i>&quot;o-1&quot;</i>"#), "examples are shown");
    assert!(page.contains("https://json-schema.org/draft/2020-12/schema"), "so are schemas");
}

#[test]
fn it_names_no_other_place() {
    let page = shop::documents().catalogue().unwrap();
    for reaching in
        ["src=\"http", "href=\"http", "@import", "url(", "fetch(", "XMLHttpRequest", "<link rel=\"stylesheet\""]
    {
        assert!(!page.contains(reaching), "{reaching}");
    }
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn anchors_are_unique_and_links_lead_somewhere() {
    for documents in [shop::documents(), hostile::documents()] {
        let page = documents.catalogue().unwrap();
        let attribute = |name: &str| -> Vec<&str> {
            let start = format!(" {name}=\"");
            page.split(&start).skip(1).filter_map(|part| part.split('"').next()).collect()
        };
        let mut ids = attribute("id");
        ids.sort_unstable();
        let count = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), count, "an id stands twice");
        for link in attribute("href").into_iter().filter_map(|link| link.strip_prefix('#')) {
            assert!(ids.binary_search(&link).is_ok(), "#{link} leads nowhere");
        }
    }
}

#[test]
fn what_looks_like_markup_is_text() {
    let page = hostile::documents().catalogue().unwrap();
    assert_eq!(page.matches("<script").count(), 1, "only the page's own");
    assert_eq!(page.matches("</script").count(), 1);
    assert_eq!(page.matches("</style").count(), 1);
    assert!(!page.contains("<img") && !page.contains("<!--"));
    assert!(page.matches("&lt;script&gt;attack()").count() > 10, "and it is shown");
}

#[test]
fn a_thousand_events_take_no_time() {
    let began = Instant::now();
    let page = many::documents().catalogue().unwrap();
    let took = began.elapsed();
    assert_eq!(page.matches("<details class=\"card\"").count(), 1000);
    // Unoptimized, on a machine that has other things to do.
    assert!(took < Duration::from_secs(60), "{took:?}");
    assert!(page.len() < 12_000_000, "{} bytes", page.len());
    assert!(page.contains("100 events"), "so many are drawn together");
}
