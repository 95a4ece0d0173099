//! Crates that were named and brought nothing.

use melange::{EventBus, ProblemKind, Registry, crates};

use crate::by_hand::listeners;
use crate::{Placed, the_only_unplaced};

#[test]
fn a_named_crate_that_brings_nothing_is_refused() {
    let named = Registry::of(listeners![Placed]).crates(crates![serde]);
    let words = ["`serde`", "crates![..]", "#[derive(Event)]"];
    the_only_unplaced(named.check(), ProblemKind::SilentCrate, &words);
    let bus = EventBus::builder().crates(crates![serde]).subscribers(listeners![Placed]).build();
    the_only_unplaced(bus.map(drop), ProblemKind::SilentCrate, &words);
}

#[test]
fn crates_are_checked_whether_they_are_named_before_or_after_linking() {
    for builder in [
        EventBus::builder().crates(crates![serde]).linked_where(|_| false),
        EventBus::builder().linked_where(|_| false).crates(crates![serde]),
    ] {
        the_only_unplaced(builder.build().map(drop), ProblemKind::SilentCrate, &["`serde`"]);
    }
}
