//! Memory and tasks, at the beginning and at the end.

use std::collections::BTreeMap;

/// Resident memory may grow, after the first quarter of the run, by a quarter and this much: allocators keep some.
const KIB: u64 = 24 * 1024;

/// Tasks may be more at the end by so many: connections that are kept open for the next call are tasks too, 16 receives and
/// 16 calls that settle for each of two queues at most.
const TASKS: usize = 64;

/// Resident memory of each process that runs from the beginning to the end.
#[derive(Debug, Default)]
pub(crate) struct Growth {
    first: BTreeMap<String, u64>,
    warm: BTreeMap<String, u64>,
    last: BTreeMap<String, u64>,
}

impl Growth {
    /// Looks at a process; `is_warm` once the first quarter is over.
    pub(crate) fn look(&mut self, who: &str, id: u32, is_warm: bool) {
        let Some(kib) = resident(id) else { return };
        self.first.entry(who.to_owned()).or_insert(kib);
        if is_warm {
            self.warm.entry(who.to_owned()).or_insert(kib);
        }
        self.last.insert(who.to_owned(), kib);
    }

    /// In words, with the tasks: as they said first and last.
    pub(crate) fn text(&self, tasks: &BTreeMap<String, (usize, usize)>) -> String {
        let mib = |kib: Option<&u64>| kib.map_or_else(|| "?".to_owned(), |kib| format!("{:.1}", *kib as f64 / 1024.0));
        let mut text = Vec::new();
        for who in self.last.keys() {
            let (first, warm, last) = (self.first.get(who), self.warm.get(who), self.last.get(who));
            let tasks = tasks.get(who).map_or_else(String::new, |(first, last)| format!(", tasks {first} -> {last}"));
            text.push(format!("{who} {} -> {} -> {} MiB{tasks}", mib(first), mib(warm), mib(last)));
        }
        text.join("; ")
    }

    /// What grew beyond the bounds.
    pub(crate) fn problems(&self, tasks: &BTreeMap<String, (usize, usize)>) -> Vec<String> {
        let memory = self.warm.iter().filter_map(|(who, warm)| {
            let (last, most) = (*self.last.get(who)?, warm + warm / 4 + KIB);
            (last > most).then(|| format!("{who} had {warm} KiB when it was warm and {last} at the end, above {most}"))
        });
        let tasks = tasks.iter().filter(|(_, (first, last))| *last > first + TASKS);
        let tasks = tasks.map(|(who, (first, last))| format!("{who} had {first} tasks first and {last} at the end"));
        memory.chain(tasks).collect()
    }
}

/// What `/proc` says, where there is one.
fn resident(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}
