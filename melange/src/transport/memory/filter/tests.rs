use super::*;

fn string(value: &str) -> AttributeValue {
    AttributeValue::String(value.to_owned())
}

fn number(value: &str) -> AttributeValue {
    AttributeValue::Number(value.to_owned())
}

/// Whether the policy lets through a message with the attribute `a`, and another one beside it.
fn lets(policy: &str, a: AttributeValue) -> bool {
    let message = Outgoing::new("{}").attribute("a", a).attribute("other", string("x"));
    FilterPolicy::attributes(policy).unwrap().matches(&message)
}

fn lets_array(policy: &str, array: &str) -> bool {
    FilterPolicy::attributes(policy).unwrap().matches(&Outgoing::new("{}").array("a", array))
}

fn lets_body(policy: &str, body: &str) -> bool {
    FilterPolicy::body(policy).unwrap().matches(&Outgoing::new(body))
}

fn refused(policy: &str) -> String {
    let error = FilterPolicy::body(policy).unwrap_err();
    assert_eq!(error.kind(), RefusedKind::InvalidFilter);
    error.to_string()
}

#[test]
fn texts_are_compared_exactly() {
    assert!(lets(r#"{"a": ["x", "y"]}"#, string("y")));
    for other in ["Y", "y ", "xy", "yy"] {
        assert!(!lets(r#"{"a": ["x", "y"]}"#, string(other)), "{other}");
    }
    assert!(!lets(r#"{"a": ["x"], "b": ["y"]}"#, string("x")), "every key must match");
    assert!(lets(r#"{"a": ["x"], "other": ["x"]}"#, string("x")));
}

#[test]
fn a_text_is_no_number_and_a_number_no_text() {
    assert!(lets(r#"{"a": [7]}"#, number("7.0")) && !lets(r#"{"a": [7]}"#, string("7")));
    assert!(lets(r#"{"a": ["7"]}"#, string("7")) && !lets(r#"{"a": ["7"]}"#, number("7")));
    assert!(!lets(r#"{"a": [{"prefix": "7"}]}"#, number("7")));
    assert!(!lets(r#"{"a": [{"numeric": ["=", 7]}]}"#, string("7")));
    assert!(lets_body(r#"{"a": [7]}"#, r#"{"a": 7}"#) && !lets_body(r#"{"a": [7]}"#, r#"{"a": "7"}"#));
}

/// Who writes a policy on attributes has to escape these twice, and one on the body as in any JSON.
#[test]
fn quotes_and_backslashes_in_attributes_are_escaped_twice() {
    let (twice, once) = (r#"{"a": ["say \\\"hi\\\"", "C:\\\\x"]}"#, r#"{"a": ["say \"hi\"", "C:\\x"]}"#);
    for text in [r#"say "hi""#, r"C:\x"] {
        assert!(lets(twice, string(text)) && !lets(once, string(text)), "{text}");
        let array = serde_json::json!([1, text]).to_string();
        assert!(lets_array(twice, &array) && !lets_array(once, &array), "{text}");
        let body = serde_json::json!({"a": text}).to_string();
        assert!(lets_body(once, &body) && !lets_body(twice, &body), "{text}");
    }
    assert!(
        lets(r#"{"a": [{"prefix": "\\\""}]}"#, string("\"x")) && !lets(r#"{"a": [{"prefix": "\""}]}"#, string("\"x"))
    );
    assert!(lets(r#"{"a": [{"anything-but": "\""}]}"#, string("\"")), "and so this is something else");
}

#[test]
fn prefixes_suffixes_and_cases() {
    assert!(lets(r#"{"a": [{"prefix": "Order"}]}"#, string("OrderPlaced")));
    assert!(!lets(r#"{"a": [{"prefix": "order"}]}"#, string("OrderPlaced")));
    assert!(lets(r#"{"a": [{"suffix": "Placed"}]}"#, string("OrderPlaced")));
    assert!(!lets(r#"{"a": [{"suffix": "Place"}]}"#, string("OrderPlaced")));
    assert!(lets(r#"{"a": [{"equals-ignore-case": "ÉTÉ"}]}"#, string("été")));
    assert!(!lets(r#"{"a": [{"equals-ignore-case": "a"}]}"#, string("ab")));
}

#[test]
fn anything_but_in_all_its_forms() {
    assert!(
        lets(r#"{"a": [{"anything-but": "x"}]}"#, string("y"))
            && !lets(r#"{"a": [{"anything-but": "x"}]}"#, string("x"))
    );
    assert!(!lets(r#"{"a": [{"anything-but": ["x", "y"]}]}"#, string("y")));
    assert!(
        lets(r#"{"a": [{"anything-but": [1, 2]}]}"#, number("3"))
            && !lets(r#"{"a": [{"anything-but": [1, 2]}]}"#, number("2.0"))
    );
    assert!(lets(r#"{"a": [{"anything-but": 1}]}"#, string("1")), "a text is never a number");
    assert!(lets(r#"{"a": [{"anything-but": {"prefix": "x"}}]}"#, string("yx")));
    assert!(!lets(r#"{"a": [{"anything-but": {"prefix": "x"}}]}"#, string("xy")));
    assert!(lets(r#"{"a": [{"anything-but": {"suffix": "x"}}]}"#, string("xy")));
    assert!(!lets(r#"{"a": [{"anything-but": {"suffix": "x"}}]}"#, string("yx")));
    let absent = Outgoing::new("{}").attribute("b", string("x"));
    let policy = |json| FilterPolicy::attributes(json).unwrap();
    assert!(!policy(r#"{"a": [{"anything-but": "x"}]}"#).matches(&absent), "what is not there is not anything");
    assert!(policy(r#"{"a": [{"anything-but": "x"}, {"exists": false}]}"#).matches(&absent));
}

#[test]
fn a_wildcard_stands_for_anything() {
    assert!(lets(r#"{"a": [{"wildcard": "order-*.json"}]}"#, string("order-7.json")));
    assert!(!lets(r#"{"a": [{"wildcard": "order-*.json"}]}"#, string("order-7.xml")));
    assert!(!lets(r#"{"a": [{"wildcard": "7*"}]}"#, number("7")), "a number is no text");
    assert!(lets(r#"{"a": [{"anything-but": {"wildcard": "*ball"}}]}"#, string("hockey")));
    assert!(!lets(r#"{"a": [{"anything-but": {"wildcard": "*ball"}}]}"#, string("football")));
    assert!(lets_body(r#"{"a": {"b": [{"wildcard": "*x*"}]}}"#, r#"{"a": {"b": ["y", "axb"]}}"#));
}

#[test]
fn wildcards_cost_a_hundred_points_at_most() {
    let key = |matcher: &str, times| vec![matcher; times].join(", ");
    let policy = |matchers: String| format!(r#"{{"a": [{matchers}]}}"#);
    // One point each, times ten.
    FilterPolicy::body(&policy(key(r#"{"wildcard": "x*"}"#, 10))).unwrap();
    assert!(refused(&policy(key(r#"{"wildcard": "x*"}"#, 11))).contains("121 points"));
    // Three for each of several, and one for the `anything-but` around them.
    FilterPolicy::body(&policy(key(r#"{"wildcard": "*x*"}"#, 4))).unwrap();
    assert!(refused(&policy(key(r#"{"anything-but": {"wildcard": "*x*"}}"#, 4))).contains("112 points"));
    // All keys together, and branches too.
    let both = |n| format!(r#"{{"a": [{0}], "$or": [{{"b": [{0}]}}, {{"c": [1]}}]}}"#, key(r#"{"wildcard": "x*"}"#, n));
    FilterPolicy::body(&both(7)).unwrap();
    assert!(refused(&both(8)).contains("128 points"));
    // Nothing is counted where there are none.
    FilterPolicy::body(&policy(key(r#"{"anything-but": "x"}"#, 11))).unwrap();
}

#[test]
fn numbers_are_compared_by_value_and_range() {
    for (policy, inside, outside) in [
        (r#"{"a": [{"numeric": ["=", 301.5]}]}"#, "3.015e2", "301.6"),
        (r#"{"a": [{"numeric": [">", 0, "<=", 150]}]}"#, "150", "0"),
        (r#"{"a": [{"numeric": ["<", -1]}]}"#, "-1.00001", "-1"),
        (r#"{"a": [0.1, 0.3]}"#, "0.3000001", "0.2"),
    ] {
        assert!(lets(policy, number(inside)) && !lets(policy, number(outside)), "{policy}");
    }
    assert!(!lets(r#"{"a": [{"numeric": [">", 0]}]}"#, number("2000000000")), "beyond a billion nothing matches");
}

#[test]
fn being_there_counts_and_not_being_there_too() {
    let policy = |json| FilterPolicy::attributes(json).unwrap();
    let (there, absent) = (policy(r#"{"a": [{"exists": true}]}"#), policy(r#"{"a": [{"exists": false}]}"#));
    let with = Outgoing::new("{}").attribute("a", string("x"));
    let without = Outgoing::new("{}").attribute("b", string("x"));
    assert!(there.matches(&with) && !there.matches(&without) && !absent.matches(&with) && absent.matches(&without));
    assert!(!absent.matches(&Outgoing::new("{}")), "without any attribute nothing can be absent");
    let bytes = Outgoing::new("{}").attribute("a", AttributeValue::Binary(vec![1]));
    assert!(!there.matches(&bytes) && absent.matches(&bytes), "bytes are as if they were not there");
    for (body, is) in [
        (r#"{"a": 1}"#, true),
        ("{}", false),
        (r#"{"a": null}"#, false),
        (r#"{"a": ""}"#, false),
        (r#"{"a": []}"#, false),
    ] {
        assert_eq!(lets_body(r#"{"a": [{"exists": true}]}"#, body), is, "{body}");
        assert_eq!(lets_body(r#"{"a": [{"exists": false}]}"#, body), !is, "{body}");
    }
    assert!(!lets_body(r#"{"a": [{"exists": true}]}"#, r#"{"a": {"b": 1}}"#), "only leaves are there");
}

#[test]
fn addresses_are_compared_by_their_first_bits() {
    let policy = r#"{"a": [{"cidr": "10.0.0.0/24"}]}"#;
    assert!(lets(policy, string("10.0.0.255")) && !lets(policy, string("10.0.1.0")) && !lets(policy, string("ten")));
}

#[test]
fn of_an_array_one_element_is_enough() {
    assert!(lets_array(r#"{"a": ["two"]}"#, r#"["one", "two"]"#));
    assert!(lets_array(r#"{"a": [2]}"#, r#"["one", 2]"#) && !lets_array(r#"{"a": [2]}"#, r#"["2"]"#));
    assert!(lets_array(r#"{"a": [true]}"#, "[true]") && lets_array(r#"{"a": [null]}"#, "[null]"));
    // As the guide has it: it contains something else.
    assert!(lets_array(r#"{"a": [{"anything-but": ["one"]}]}"#, r#"["one", "two"]"#));
    assert!(!lets_array(r#"{"a": [{"anything-but": ["one", "two"]}]}"#, r#"["one", "two"]"#));
    assert!(!lets_array(r#"{"a": [{"anything-but": {"prefix": "o"}}]}"#, r#"["one"]"#));
    assert!(!lets_array(r#"{"a": [{"anything-but": ["one"]}]}"#, "not a list"));
    assert!(lets_body(r#"{"a": ["two"]}"#, r#"{"a": ["one", "two"]}"#));
    assert!(lets_body(r#"{"a": [{"anything-but": ["one"]}]}"#, r#"{"a": ["one", "two"]}"#));
}

#[test]
fn a_body_is_looked_into_as_deep_as_the_policy_goes() {
    let policy = r#"{"order": {"store": ["n"], "lines": {"sku": ["a"], "n": [{"numeric": [">", 1]}]}}}"#;
    let body = |lines: &str| format!(r#"{{"order": {{"store": "n", "lines": {lines}}}, "more": 1}}"#);
    assert!(lets_body(policy, &body(r#"{"sku": "a", "n": 2}"#)));
    assert!(lets_body(policy, &body(r#"[{"sku": "b", "n": 9}, {"sku": "a", "n": 2}]"#)));
    assert!(!lets_body(policy, &body(r#"[{"sku": "a", "n": 1}, {"sku": "b", "n": 2}]"#)), "one element, as a whole");
    for bad in [r#"{"order": 1}"#, "[]", "1", "no JSON", r#"{"order": {"store": "n"}}"#, ""] {
        assert!(!lets_body(policy, bad), "{bad}");
    }
    assert!(lets_body(r#"{"a": {"b": [{"exists": false}]}}"#, r#"{"c": 1}"#));
}

#[test]
fn of_or_one_branch_is_enough() {
    let policy = r#"{"source": ["s"], "$or": [{"metric": ["cpu"]}, {"space": ["ec2"], "x": [1]}]}"#;
    for (body, is) in [
        (r#"{"source": "s", "metric": "cpu"}"#, true),
        (r#"{"source": "s", "space": "ec2", "x": 1}"#, true),
        (r#"{"source": "s", "space": "ec2"}"#, false),
        (r#"{"metric": "cpu"}"#, false),
        (r#"{"source": "s"}"#, false),
    ] {
        assert_eq!(lets_body(policy, body), is, "{body}");
    }
    let nested = r#"{"a": {"$or": [{"b": [1]}, {"c": [1]}]}}"#;
    assert!(lets_body(nested, r#"{"a": {"c": 1}}"#) && !lets_body(nested, r#"{"a": {"d": 1}}"#));
    // With a matcher among its keys, or fewer than two objects, it is a key like others.
    assert!(lets_body(r#"{"$or": [{"prefix": "x"}, {"suffix": "y"}]}"#, r#"{"$or": "xz"}"#));
    assert!(lets_body(r#"{"$or": ["x"]}"#, r#"{"$or": "x"}"#));
    let attributes = FilterPolicy::attributes(r#"{"$or": [{"a": ["x"]}, {"b": ["x"]}]}"#).unwrap();
    assert!(attributes.matches(&Outgoing::new("{}").attribute("b", string("x"))));
    assert!(!attributes.matches(&Outgoing::new("{}").attribute("b", string("y"))));
}

#[test]
fn a_policy_of_nothing_lets_everything_through() {
    for message in [Outgoing::new("no JSON"), Outgoing::new("{}").attribute("a", string("x"))] {
        assert!(
            FilterPolicy::body("{}").unwrap().matches(&message)
                && FilterPolicy::attributes("{}").unwrap().matches(&message)
        );
    }
}

#[test]
fn a_policy_has_five_keys_and_a_hundred_and_fifty_combinations_at_most() {
    let values = |n: usize| serde_json::to_string(&(0..n).collect::<Vec<_>>()).unwrap();
    let one = |n| format!(r#"{{"a": {}}}"#, values(n));
    FilterPolicy::attributes(&one(150)).unwrap();
    assert!(refused(&one(151)).contains("151 combinations"));
    FilterPolicy::body(&format!(r#"{{"a": {}, "b": {}, "c": {}}}"#, values(5), values(15), values(2))).unwrap();
    assert!(refused(&format!(r#"{{"a": {}, "b": {}}}"#, values(4), values(38))).contains("152"));
    // As the guide counts: four values three deep, three two deep, and three.
    let nested =
        format!(r#"{{"a": {{"b": {{"c": {}}}}}, "d": {{"e": {}}}, "f": {}}}"#, values(4), values(3), values(3));
    assert!(refused(&nested).contains("216 combinations"));
    FilterPolicy::body(&format!(r#"{{"a": {{"b": {}}}}}"#, values(75))).unwrap();
    assert!(refused(&format!(r#"{{"a": {{"b": {}}}}}"#, values(76))).contains("152"));
    // The branches of an `$or` are added up.
    FilterPolicy::body(&format!(r#"{{"x": [1, 2], "$or": [{{"a": {}}}, {{"b": {}}}]}}"#, values(70), values(5)))
        .unwrap();
    assert!(
        refused(&format!(r#"{{"x": [1, 2], "$or": [{{"a": {}}}, {{"b": {}}}]}}"#, values(70), values(6)))
            .contains("152")
    );
    let six = r#"{"a":[1],"b":[1],"c":[1],"d":[1],"e":[1],"f":[1]}"#;
    assert!(refused(six).contains("6 keys"));
    assert!(
        refused(r#"{"a": {"1":[1],"2":[1],"3":[1]}, "b": {"1":[1],"2":[1],"3":[1]}}"#).contains("6 keys"),
        "leaves count"
    );
    assert!(refused(&format!(r#"{{"a": ["{}"]}}"#, "x".repeat(256 * 1024))).contains("bytes"));
}

#[test]
fn what_is_no_policy_is_refused_with_the_key_and_the_reason() {
    for (bad, why) in [
        ("nonsense", "not a JSON object"),
        ("[]", "not a JSON object"),
        (r#"{"a": "x"}"#, "must be a list"),
        (r#"{"a": null}"#, "must be a list"),
        (r#"{"a": []}"#, "no values"),
        (r#"{"a": {}}"#, "nothing in it"),
        (r#"{"a": [["x"]]}"#, "no list"),
        (r#"{"a": [{}]}"#, "one name"),
        (r#"{"a": [{"prefix": "x", "suffix": "y"}]}"#, "one name"),
        (r#"{"a": [{"sounds-like": "x"}]}"#, "`sounds-like` is no matcher"),
        (r#"{"a": [{"wildcard": "*a*b*c*"}]}"#, "4 `*`"),
        (r#"{"a": [{"wildcard": ""}]}"#, "not empty"),
        (r#"{"a": [{"prefix": 1}]}"#, "needs a text"),
        (r#"{"a": [{"suffix": ""}]}"#, "not empty"),
        (r#"{"a": [{"equals-ignore-case": ["x"]}]}"#, "needs a text"),
        (r#"{"a": [{"exists": "true"}]}"#, "true or false"),
        (r#"{"a": [{"cidr": "10.0.0.1/24"}]}"#, "bits set"),
        (r#"{"a": [{"cidr": 10}]}"#, "needs a text"),
        (r#"{"a": [{"numeric": 5}]}"#, "needs a list"),
        (r#"{"a": [{"numeric": []}]}"#, "is empty"),
        (r#"{"a": [{"numeric": [">"]}]}"#, "once or twice"),
        (r#"{"a": [{"numeric": [5, ">"]}]}"#, "must be a text"),
        (r#"{"a": [{"numeric": ["!", 5]}]}"#, "unknown operator `!`"),
        (r#"{"a": [{"numeric": [">", "5"]}]}"#, "must be a number"),
        (r#"{"a": [{"numeric": ["<", 5, ">", 1]}]}"#, "begins with"),
        (r#"{"a": [{"numeric": ["=", 5, "<", 9]}]}"#, "begins with"),
        (r#"{"a": [{"numeric": [">", 5, "<", 5]}]}"#, "less than the upper"),
        (r#"{"a": [{"numeric": [">", 5, "<", 6, "<", 7]}]}"#, "once or twice"),
        (r#"{"a": [{"numeric": [">", 1e10]}]}"#, "within a billion"),
        (r#"{"a": [1e10]}"#, "within a billion"),
        (r#"{"a": [{"anything-but": []}]}"#, "of nothing"),
        (r#"{"a": [{"anything-but": ["x", 1]}]}"#, "no mixture"),
        (r#"{"a": [{"anything-but": [true]}]}"#, "texts or numbers"),
        (r#"{"a": [{"anything-but": {"numeric": ["=", 1]}}]}"#, "only `prefix`, `suffix` and `wildcard`"),
        (r#"{"a": [{"anything-but": [{"prefix": "x"}]}]}"#, "texts or numbers"),
        (r#"{"$or": [{}, {"a": [1]}]}"#, "branch is empty"),
    ] {
        let error = refused(bad);
        assert!(error.contains(why), "{bad}: {error}");
        assert!(why.contains("JSON") || bad.contains("$or") || error.contains("`a`"), "{bad}: {error}");
    }
    let nested = FilterPolicy::attributes(r#"{"a": {"b": ["x"]}}"#).unwrap_err().to_string();
    assert!(nested.contains("not nested"), "{nested}");
}

#[test]
fn a_key_is_named_with_the_keys_that_lead_to_it() {
    for (bad, key) in [
        (r#"{"order": {"customer": {"name": []}}}"#, "`order.customer.name`"),
        (r#"{"order": {"customer": {}}}"#, "`order.customer`"),
        (r#"{"order": {"total": 5}}"#, "`order.total`"),
        (r#"{"$or": [{"a": ["x"]}, {"b": [{"prefx": "y"}]}]}"#, "`$or[1].b`"),
        (r#"{"$or": [{"a": ["x"]}, {}]}"#, "`$or[1]`"),
        (r#"{"order": {"$or": [{"a": {"b": []}}, {"c": [1]}]}}"#, "`order.$or[0].a.b`"),
    ] {
        let error = refused(bad);
        assert!(error.contains(&format!("key {key}: ")), "{bad}: {error}");
    }
}

/// Whatever the policy and the message: what is said twice matches the same, a value that is listed matches, and
/// `anything-but` is the opposite of it.
#[test]
fn at_random() {
    let words = ["", "a", "b", "aa", "ab", "Ab", "10", "1"];
    let mut random = fastrand::Rng::with_seed(5);
    for _ in 0..5_000 {
        let listed: Vec<&str> = (0..random.usize(1..4)).map(|_| words[random.usize(1..words.len())]).collect();
        let value = words[random.usize(..words.len())];
        let body = serde_json::json!({"a": value}).to_string();
        let is = lets_body(&serde_json::json!({"a": listed}).to_string(), &body);
        assert_eq!(is, listed.contains(&value));
        assert_eq!(lets_body(&serde_json::json!({"a": [{"anything-but": listed}]}).to_string(), &body), !is);
        let or = serde_json::json!({"$or": [{"a": listed}, {"a": [{"anything-but": listed}]}]});
        assert!(lets_body(&or.to_string(), &body));
        let prefixed = lets_body(&serde_json::json!({"a": [{"prefix": listed[0]}]}).to_string(), &body);
        let not = lets_body(&serde_json::json!({"a": [{"anything-but": {"prefix": listed[0]}}]}).to_string(), &body);
        assert!(prefixed != not && prefixed == value.starts_with(listed[0]));
        let number = f64::from(random.i32(-5..5)) / 2.0;
        let bound = f64::from(random.i32(-5..5)) / 2.0;
        let body = serde_json::json!({"a": number}).to_string();
        let range =
            |operator: &str| lets_body(&serde_json::json!({"a": [{"numeric": [operator, bound]}]}).to_string(), &body);
        assert_eq!([range("<"), range("="), range(">")].iter().filter(|is| **is).count(), 1);
        assert_eq!((range("<="), range(">=")), (number <= bound, number >= bound));
    }
}
