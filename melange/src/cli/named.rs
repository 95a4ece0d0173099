//! Names as people type them.

use super::Failure;
use crate::{EventBus, EventDescriptor};

/// How alike two names must be to be offered, of 1.
const ALIKE: f64 = 0.75;
/// How much less alike than the likest.
const SPREAD: f64 = 0.08;
/// Most names that are offered.
const OFFERED: usize = 3;

/// Those of `names` that look like `wanted`, the likest first, as in "did you mean `OrderPlaced`?"; `None` if none does.
pub fn near<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let lower = wanted.to_lowercase();
    let likeness = |name: &str| {
        let name = name.to_lowercase();
        let within = !lower.is_empty() && (name.contains(&lower) || lower.contains(&name));
        strsim::jaro_winkler(&lower, &name).max(if within { 0.9 } else { 0.0 })
    };
    let mut near: Vec<(f64, &str)> = names.into_iter().map(|name| (likeness(name), name)).collect();
    near.retain(|(likeness, _)| *likeness >= ALIKE);
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    near.dedup_by(|a, b| a.1 == b.1);
    let least = near.first().map_or(0.0, |(likeness, _)| likeness - SPREAD);
    near.retain(|(likeness, _)| *likeness >= least);
    near.truncate(OFFERED);
    if near.is_empty() {
        return None;
    }
    let names: Vec<String> = near.iter().map(|(_, name)| format!("`{name}`")).collect();
    Some(format!("did you mean {}?", names.join(" or ")))
}

/// What is said of a filter that lets nothing through: which names there are.
pub(super) fn none_of<'a>(
    what: &str,
    wanted: &str,
    plural: &str,
    names: impl IntoIterator<Item = &'a str> + Clone,
) -> String {
    let near = near(wanted, names.clone()).map(|near| format!("; {near}")).unwrap_or_default();
    let names: Vec<&str> = names.into_iter().collect();
    if names.is_empty() {
        return format!("{what} {wanted:?}, and this program has no {plural} at all");
    }
    format!("{what} {wanted:?}: the {plural} of this program are {}{near}", names.join(", "))
}

/// The event of `bus` that is called `name`, or was: the newest version, or the one behind an `@`, as in `OrderPlaced@1`.
///
/// # Errors
/// If there is none, with the names that are like it.
pub fn event_named(bus: &EventBus, name: &str) -> Result<&'static EventDescriptor, Failure> {
    let (plain, version) = match name.rsplit_once('@').map(|(plain, version)| (plain, version.parse::<u32>())) {
        Some((plain, Ok(version))) => (plain, Some(version)),
        _ => (name, None),
    };
    let mut of_name: Vec<_> = bus.events().filter(|event| event.name() == plain).collect();
    if of_name.is_empty() {
        of_name = bus.events().filter(|event| event.aliases().contains(&plain)).collect();
    }
    let found = match version {
        Some(version) => of_name.iter().find(|event| event.version() == version),
        None => of_name.iter().max_by_key(|event| event.version()),
    };
    match (found, version) {
        (Some(event), _) => Ok(event),
        (None, Some(version)) if !of_name.is_empty() => {
            let known: Vec<String> =
                of_name.iter().map(|event| format!("{}@{}", event.name(), event.version())).collect();
            let what = format!("the event {plain:?} is not known in version {version}");
            Err(Failure::usage(what).help(format!("there is {}", known.join(", "))))
        }
        _ => Err(Failure::usage(format!("there is no event {plain:?} in this program"))
            .help_if(near(plain, bus.events().map(EventDescriptor::name)))
            .help(
                "`events` lists all of them; a crate that nobody names is not linked: `.crates(melange::crates![..])`",
            )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likest_names_are_offered() {
        let names = ["OrderPlaced", "OrderCancelled", "PaymentTaken", "orders.Shipped"];
        assert_eq!(near("OrderPlacd", names).unwrap(), "did you mean `OrderPlaced`?");
        assert_eq!(near("orderplaced", names).unwrap(), "did you mean `OrderPlaced`?");
        assert_eq!(near("shipped", names).unwrap(), "did you mean `orders.Shipped`?");
        assert_eq!(near("xyz", names), None);
        assert_eq!(
            none_of("none of", "mial", "queues", ["audit", "mail"]),
            "none of \"mial\": the queues of this program are audit, mail; did you mean `mail`?"
        );
        assert_eq!(none_of("none of", "mail", "queues", []), "none of \"mail\", and this program has no queues at all");
    }
}
