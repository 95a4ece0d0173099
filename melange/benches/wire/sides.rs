//! Two sides of the same work, in turn.

use std::time::Instant;

use super::support::Result;
use super::support::report::Measured;

/// Does the work once.
pub(crate) type Side<W> = fn(&W) -> Result;

/// A figure, what it is about, the baseline and Melange.
pub(crate) type Compared<W> = (&'static str, &'static str, Side<W>, Side<W>);

/// Does the work so many times.
pub(crate) fn done<W>(side: Side<W>, work: &W, times: u64) -> Result {
    (0..times).try_for_each(|_| side(work))
}

/// Nanoseconds for each of so many.
fn time<W>(side: Side<W>, work: &W, times: u64) -> Result<f64> {
    let begun = Instant::now();
    done(side, work, times)?;
    Ok(begun.elapsed().as_nanos() as f64 / times as f64)
}

/// Prints every comparison, and gives back its figure.
pub(crate) fn compare<W>(all: &[Compared<W>], work: &W) -> Result<Vec<(String, f64)>> {
    // Short rounds: most are over before the system gives the processor to somebody else.
    let (rounds, times) = (601, 300);
    println!("{:<34}{:>16}{:>16}{:>16}", "ns each", "baseline", "melange", "ratio");
    let mut figures = Vec::new();
    for (name, what, baseline, melange) in all {
        let [mut of_baseline, mut of_melange] = [const { Measured::new() }; 2];
        for _ in 0..rounds {
            of_baseline.add(time(*baseline, work, times)?);
            of_melange.add(time(*melange, work, times)?);
        }
        let ratio = of_melange.over(&of_baseline);
        println!("{what:<34}{:>16}{:>16}{:>16}", of_baseline.to_string(), of_melange.to_string(), ratio.to_string());
        figures.push(((*name).to_owned(), ratio.median()));
    }
    Ok(figures)
}
