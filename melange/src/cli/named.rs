//! Names as people type them.

use super::Failure;
use crate::near::near;
use crate::{EventBus, EventDescriptor};

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
    fn a_filter_that_lets_nothing_through_is_told_what_there_is() {
        assert_eq!(
            none_of("none of", "mial", "queues", ["audit", "mail"]),
            "none of \"mial\": the queues of this program are audit, mail; did you mean `mail`?"
        );
        assert_eq!(none_of("none of", "mail", "queues", []), "none of \"mail\", and this program has no queues at all");
    }
}
