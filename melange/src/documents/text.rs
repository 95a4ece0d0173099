//! Small pieces of text that several documents share.

use std::time::Duration;

/// The first paragraph of a doc comment, as one line.
pub(super) fn summary(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
    lines.join(" ")
}

/// A length of time as the annotations spell it: `1m30s`.
pub(super) fn duration(length: Duration) -> String {
    let mut millis = length.as_millis();
    if millis == 0 {
        return "0s".to_owned();
    }
    let mut text = String::new();
    for (unit, size) in [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)] {
        let count = millis / size;
        millis %= size;
        if count > 0 {
            text.push_str(&format!("{count}{unit}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_spelled_as_in_annotations() {
        let spelled = [0, 5, 30_000, 90_000, 3_600_000, 43_200_500].map(|ms| duration(Duration::from_millis(ms)));
        assert_eq!(spelled, ["0s", "5ms", "30s", "1m30s", "1h", "12h500ms"]);
    }

    #[test]
    fn a_summary_is_the_first_paragraph() {
        assert_eq!(summary("A customer\nhas ordered.\n\nMore."), "A customer has ordered.");
    }
}
