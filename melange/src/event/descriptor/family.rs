//! What an event is read as: its names, its older versions, and whether two descriptors are of one type.

use super::EventDescriptor;
use crate::event::Upcast;

impl EventDescriptor {
    /// Every name it is read under, its own first.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }

    /// The older versions it can be made from, step by step. Versions fall along the way; what does not fall is a problem of
    /// its own, and left out.
    pub(crate) fn ancestors(&self) -> Vec<&'static EventDescriptor> {
        let mut ancestors: Vec<&'static EventDescriptor> = Vec::new();
        let mut steps: Vec<&'static Upcast> = self.older_steps().collect();
        while let Some(step) = steps.pop() {
            if !ancestors.iter().any(|known| known.is_same_type(step.from)) {
                ancestors.push(step.from);
                steps.extend(step.from.older_steps());
            }
        }
        ancestors
    }

    /// Every name it or an older version of it is read under.
    pub(crate) fn family_names(&self) -> impl Iterator<Item = &'static str> {
        self.names().chain(self.ancestors().into_iter().flat_map(Self::names))
    }

    /// Whether it or an older version of it is read under this name.
    #[cfg(any(feature = "cli", feature = "test-util"))]
    pub(crate) fn is_read_as(&self, name: &str) -> bool {
        self.family_names().any(|known| known == name)
    }

    pub(crate) fn older_steps(&self) -> impl Iterator<Item = &'static Upcast> + use<> {
        let version = self.version;
        self.upcasts.iter().filter(move |step| step.from.version < version)
    }

    pub(crate) fn is_same_type(&self, other: &Self) -> bool {
        self.type_id == other.type_id
    }

    /// The same as far as constants can tell, where types cannot be compared.
    pub(crate) const fn seems_to_be(&self, other: &Self) -> bool {
        self.version == other.version
            && is_same_text(self.name, other.name)
            && is_same_text(self.type_name, other.type_name)
    }
}

/// `==`, which is not to be had in constants.
const fn is_same_text(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at == a.len() && at == b.len()
}
