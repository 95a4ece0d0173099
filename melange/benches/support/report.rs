//! How figures are printed, and how sure they are.

/// The one line for each figure that a program can read.
pub(crate) fn figure(name: &str, value: f64) {
    println!("figure {name} {value:.4}");
}

/// Ends a bench: its figures as one line of JSON, then as a line each.
pub(crate) fn close(bench: &str, figures: &[(String, f64)]) {
    let of_each: Vec<String> = figures.iter().map(|(name, value)| format!("\"{name}\":{value:.4}")).collect();
    println!("{{\"bench\":\"{bench}\",\"figures\":{{{}}}}}", of_each.join(","));
    figures.iter().for_each(|(name, value)| figure(name, *value));
}

/// Several measurements of one thing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Measured(Vec<f64>);

impl Measured {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn add(&mut self, value: f64) {
        self.0.push(value);
    }

    /// The one in the middle.
    pub(crate) fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// The value that this part of them is not above.
    pub(crate) fn quantile(&self, part: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let at = part * sorted.len().saturating_sub(1) as f64;
        let (below, above) = (at.floor() as usize, at.ceil() as usize);
        match (sorted.get(below), sorted.get(above)) {
            (Some(low), Some(high)) => low + (high - low) * at.fract(),
            _ => f64::NAN,
        }
    }

    /// Half the distance between the quartiles, in parts of the median: how far the middle half strays.
    pub(crate) fn noise(&self) -> f64 {
        (self.quantile(0.75) - self.quantile(0.25)) / 2.0 / self.median()
    }

    /// Each divided by the one of the same round.
    pub(crate) fn over(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(a, b)| a / b).collect())
    }
}

/// As in `0.97 ±3 %`.
impl std::fmt::Display for Measured {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let median = self.median();
        let digits = if median.abs() >= 100.0 { 0 } else { 2 };
        write!(f, "{median:.digits$} ±{:.0} %", self.noise() * 100.0)
    }
}
