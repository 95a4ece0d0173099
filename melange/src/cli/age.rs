//! Spans of time, as arguments say them.

use std::time::Duration;

const UNITS: [(&str, u64); 8] = [
    ("ms", 1),
    ("s", 1_000),
    ("sec", 1_000),
    ("m", 60_000),
    ("min", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
    ("w", 604_800_000),
];

/// `90s`, `15m`, `2h`, `7d`, `1w`, and several in a row, as in `1h30m`: for clap's `value_parser`.
///
/// # Errors
/// In words, if it is none.
pub fn age(text: &str) -> Result<Duration, String> {
    let refuse = || format!("`{text}` is no span of time; write it as 90s, 15m, 2h, 7d or 1h30m");
    let mut millis: u64 = 0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(refuse());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(refuse)?;
        let (number, after) = rest.split_at(digits);
        let end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, left) = after.split_at(end);
        let (_, per) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(refuse)?;
        let number: u64 = number.parse().map_err(|_| refuse())?;
        millis = number.checked_mul(*per).and_then(|more| millis.checked_add(more)).ok_or_else(refuse)?;
        rest = left.trim_start();
    }
    Ok(Duration::from_millis(millis))
}

/// As short as one would say it: `2h 5m`, `40s`.
pub(super) fn spoken(span: Duration) -> String {
    let seconds = span.as_secs();
    let parts = [("d", seconds / 86_400), ("h", seconds / 3_600 % 24), ("m", seconds / 60 % 60), ("s", seconds % 60)];
    let said: Vec<String> = parts
        .iter()
        .skip_while(|(_, number)| *number == 0)
        .take(2)
        .filter(|(_, number)| *number > 0)
        .map(|(unit, number)| format!("{number}{unit}"))
        .collect();
    if said.is_empty() { "0s".to_owned() } else { said.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_people_write_them() {
        for (text, seconds) in
            [("90s", 90), ("15m", 900), ("2h", 7200), ("7d", 604_800), ("1h30m", 5400), ("1h 5s", 3605)]
        {
            assert_eq!(age(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(age("250ms"), Ok(Duration::from_millis(250)));
        for text in ["", "5", "h", "5 m", "5y", "-5m", "99999999999999999999s", "999999999999999w", "5m!"] {
            assert!(age(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn spans_are_said_as_people_say_them() {
        for (seconds, text) in
            [(0, "0s"), (59, "59s"), (60, "1m"), (61, "1m 1s"), (7500, "2h 5m"), (86_400, "1d"), (90_061, "1d 1h")]
        {
            assert_eq!(spoken(Duration::from_secs(seconds)), text);
        }
    }
}
