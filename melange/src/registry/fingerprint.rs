//! A short fingerprint that tells registries apart.

use std::fmt::{self, Write};

use crate::event::EventDescriptor;
use crate::field::Tagging;
use crate::subscriber::SubscriberDescriptor;

/// Tells registries apart: 64 bits, shown as 16 hexadecimal digits. It is part of [`Health`](crate::Health) and of the
/// line that a bus logs when it starts, so that a process with an older build can be found among many.
///
/// It covers
///
/// - each event: name, version, topic, aliases, the names and versions it can be made from, whether it is local or has
///   a key, the names of its attributes, its fields, their names on the wire, their types as written, and which may be
///   absent; of an enum, how its variants are told apart;
/// - each subscriber: name, event, queue.
///
/// It does not cover files, lines or modules, retries and other options, states, or anything that differs between two
/// runs, two machines or two link orders. So it is the same in every process of one build. It does not look into the
/// types of fields: the [`contract`](crate::contract) does.
///
/// ```rust,standalone_crate
/// use melange::Registry;
///
/// let fingerprint = Registry::linked()?.fingerprint();
/// assert_eq!(fingerprint.to_string().len(), 16);
/// assert_eq!(fingerprint, Registry::linked()?.fingerprint());
/// # Ok::<(), melange::BuildErrors>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(u64);

impl Fingerprint {
    pub(crate) fn of<'a>(
        events: &[&'static EventDescriptor],
        subscribers: impl IntoIterator<Item = &'a SubscriberDescriptor>,
    ) -> Self {
        // One text, in which all of them stand.
        let mut text = String::new();
        let mut ends = Vec::new();
        for event in events {
            write_event(&mut text, event);
            ends.push(text.len());
        }
        for subscriber in subscribers {
            write_subscriber(&mut text, subscriber);
            ends.push(text.len());
        }
        let begins = std::iter::once(0).chain(ends.iter().copied());
        let mut lines: Vec<&str> = begins.zip(&ends).filter_map(|(begin, end)| text.get(begin..*end)).collect();
        // The order is that of the texts, whatever the linker's was.
        lines.sort_unstable();
        lines.dedup();
        let mut hash = Fnv::new();
        for line in &lines {
            hash.add(line.as_bytes());
            hash.add(b"\n");
        }
        Self(hash.0)
    }
}

fn write_event(text: &mut String, event: &EventDescriptor) {
    let sorted = |texts: &[&str]| {
        let mut texts: Vec<String> = texts.iter().map(|text| format!("{text:?}")).collect();
        texts.sort();
        texts.join(",")
    };
    let mut upcasts: Vec<String> = event.upcasts().iter().map(|old| format!("{:?}", old.from().to_string())).collect();
    upcasts.sort();
    // Only where serde was told to: others stay what they were.
    let tagging = match event.tagging() {
        Tagging::Outside => String::new(),
        tagging => format!(" {tagging:?}"),
    };
    // A text takes whatever is written.
    let _ = write!(
        text,
        "event {:?} {} topic {:?} aliases [{}] from [{}] local {} keyed {} attributes [{}] fields {:?} variants {:?}{tagging}",
        event.name(),
        event.version(),
        event.topic(),
        sorted(event.aliases()),
        upcasts.join(","),
        event.is_local(),
        event.has_key(),
        sorted(event.attributes()),
        event.fields(),
        event.variants(),
    );
}

fn write_subscriber(text: &mut String, subscriber: &SubscriberDescriptor) {
    let event = subscriber.event();
    let _ = write!(
        text,
        "subscriber {:?} listens to {:?} {} queue {:?}",
        subscriber.name(),
        event.name(),
        event.version(),
        subscriber.queue()
    );
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// FNV-1a, which never changes: what the standard library hashes with may.
struct Fnv(u64);

impl Fnv {
    const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Fnv;

    #[test]
    fn the_hash_is_the_one_that_is_published() {
        let of = |text: &str| {
            let mut hash = Fnv::new();
            hash.add(text.as_bytes());
            hash.0
        };
        // Source: the test vectors of the FNV draft.
        assert_eq!(
            [of(""), of("a"), of("foobar")],
            [0xcbf2_9ce4_8422_2325, 0xaf63_dc4c_8601_ec8c, 0x8594_4171_f739_67e8]
        );
    }
}
