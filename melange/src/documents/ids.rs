//! Names of the parts of a document: letters, digits, `.`, `-` and `_`, each once.

use std::collections::BTreeSet;

#[derive(Default)]
pub(super) struct Ids(BTreeSet<String>);

impl Ids {
    /// A name like `wanted` that nothing else has yet.
    pub(super) fn id(&mut self, wanted: &str) -> String {
        let legal = |letter: char| {
            if letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_') { letter } else { '_' }
        };
        let base: String = wanted.chars().map(legal).collect();
        let mut id = base.clone();
        let mut number = 2_u32;
        while !self.0.insert(id.clone()) {
            id = format!("{base}_{number}");
            number = number.saturating_add(1);
        }
        id
    }
}

#[cfg(test)]
mod tests {
    use super::Ids;

    #[test]
    fn names_are_legal_and_unique() {
        let mut ids = Ids::default();
        assert_eq!(["a:b", "a/b", "a_b_2", "ok"].map(|name| ids.id(name)), ["a_b", "a_b_2", "a_b_2_2", "ok"]);
    }
}
