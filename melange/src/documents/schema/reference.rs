//! References from one schema to another, as schemars writes them.

use serde_json::Value;

/// The name among the definitions that `reference` leads to.
pub(in crate::documents) fn name_in(reference: &str) -> String {
    let last = reference.rsplit('/').next().unwrap_or(reference);
    unescaped(last).replace("~1", "/").replace("~0", "~")
}

/// `%3C` is `<`: a reference is a part of a URI.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = tail.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()).filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Puts every reference in `schema` through `change`.
pub(in crate::documents) fn each_reference(schema: &mut Value, change: &mut impl FnMut(&str) -> Option<String>) {
    match schema {
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(reference) if key == "$ref" => {
                        if let Some(changed) = change(reference) {
                            *reference = changed;
                        }
                    }
                    other => each_reference(other, change),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| each_reference(item, change)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::name_in;

    #[test]
    fn names_are_read_back_from_references() {
        assert_eq!(name_in("#/$defs/Page%3COrder%3E"), "Page<Order>");
        assert_eq!(name_in("#/components/schemas/a~1b~0c"), "a/b~c");
        assert_eq!(name_in("#/$defs/100%"), "100%");
    }
}
