//! Names and texts that would like to be markup.

use melange::__private::{Codec, Layout};
use melange::documents::{Documentation, Documents, FieldDocumentation, Shape};
use melange::{Event, EventDescriptor, Location, Registry, subscriber, subscribers};
use serde::{Deserialize, Serialize};

/// Ends whatever it is in, and calls `attack`.
pub(crate) const ATTACK: &str =
    "\"'></title></style></textarea></script><script>attack()</script><img src=x onerror=attack()><!--${attack()}`\\";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Hostile {
    said: String,
}

// By hand, since the derive would refuse such a name.
impl Event for Hostile {
    const DESCRIPTOR: &'static EventDescriptor =
        &EventDescriptor::new::<Self>(ATTACK, ATTACK, Location::new(ATTACK, ATTACK, 7))
            .with_topic(ATTACK)
            .with_aliases(&[ATTACK, "__proto__"])
            .with_attributes(&[ATTACK])
            .with_codec(Codec::json::<Self>(Layout::Flat { own: &[], open: false }))
            .with_examples(&[|| melange::Example::of(Self { said: ATTACK.to_owned() })])
            .with_documentation(Some(
                &Documentation::new(ATTACK, Shape::Named, None)
                    .deprecated(ATTACK)
                    .with_fields(&[FieldDocumentation::new(ATTACK, ATTACK, ATTACK, None).key().attribute(ATTACK)]),
            ));
}

#[subscriber(listens_to = Hostile, name = "\"'></script><script>attack()</script><img src=x onerror=attack()>", queue = "q")]
async fn hostile() {}

#[subscriber(listens_to = Hostile)]
async fn own_queue() {}

pub(crate) fn documents() -> Documents {
    Registry::of(subscribers![hostile, own_queue])
        .documents()
        .title(ATTACK)
        .version(ATTACK)
        .description(ATTACK)
        .own_queue(ATTACK)
        .prefix(ATTACK)
}
