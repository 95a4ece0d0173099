//! What one worker runs subscribers with, for each type of event that it has seen.

use super::job::Job;
use super::runner::Runner;
use crate::in_process::table::Table;

/// By the event's place in the table.
#[derive(Default)]
pub(super) struct Runners(Vec<Made>);

#[derive(Default)]
enum Made {
    #[default]
    NotYet,
    /// Some subscriber asks for more than the event.
    Never,
    Once(Box<dyn Runner>),
}

impl Runners {
    /// That of the event, with its place, if its subscribers ask for nothing else.
    #[inline]
    pub(super) fn of(&mut self, place: usize, job: &Option<Job>, table: &Table) -> Option<(usize, &mut dyn Runner)> {
        if let None | Some(Made::NotYet) = self.0.get(place) {
            self.make(place, job, table);
        }
        Some((place, self.at(place)?))
    }

    /// That at this place.
    #[inline]
    pub(super) fn at(&mut self, place: usize) -> Option<&mut dyn Runner> {
        match self.0.get_mut(place)? {
            Made::Once(runner) => Some(runner.as_mut()),
            Made::NotYet | Made::Never => None,
        }
    }

    #[cold]
    fn make(&mut self, place: usize, job: &Option<Job>, table: &Table) {
        if place >= self.0.len() {
            self.0.resize_with(place + 1, Made::default);
        }
        if let Some(made) = self.0.get_mut(place) {
            *made = job
                .as_ref()
                .zip(table.frozen_at(place))
                .and_then(|(job, entries)| job.event()?.runner(entries))
                .map_or(Made::Never, Made::Once);
        }
    }
}
