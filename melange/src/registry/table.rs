//! The registry as a table that a person can read and a test can keep.

use std::fmt;

use super::Registry;

impl fmt::Display for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let events = self.events().map(|event| {
            let mut notes = Vec::new();
            if event.has_key() {
                notes.push("keyed".to_owned());
            }
            if event.is_local() {
                notes.push("local".to_owned());
            }
            if event.is_deprecated() {
                notes.push("deprecated".to_owned());
            }
            if !event.aliases().is_empty() {
                notes.push(format!("also {}", event.aliases().join(", ")));
            }
            let old: Vec<String> = event.upcasts().iter().map(|old| format!("v{}", old.from().version())).collect();
            if !old.is_empty() {
                notes.push(format!("from {}", old.join(", ")));
            }
            [event.to_string(), event.topic().unwrap_or("-").to_owned(), event.type_name().to_owned(), notes.join("; ")]
        });
        table(f, ["EVENT", "TOPIC", "TYPE", "NOTES"], &events.collect::<Vec<_>>())?;
        writeln!(f)?;
        let subscribers = self.subscribers().map(|subscriber| {
            let place = subscriber.location();
            [
                subscriber.name().to_owned(),
                subscriber.event().to_string(),
                subscriber.queue().unwrap_or("-").to_owned(),
                place.module_path().to_owned(),
            ]
        });
        table(f, ["SUBSCRIBER", "LISTENS TO", "QUEUE", "MODULE"], &subscribers.collect::<Vec<_>>())
    }
}

fn table<const N: usize>(f: &mut fmt::Formatter<'_>, head: [&str; N], rows: &[[String; N]]) -> fmt::Result {
    let head = head.map(str::to_owned);
    let mut widths = [0; N];
    for row in std::iter::once(&head).chain(rows) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    for row in std::iter::once(&head).chain(rows) {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        writeln!(f, "{}", cells.join("  ").trim_end())?;
    }
    Ok(())
}
