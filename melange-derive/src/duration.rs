//! Lengths of time as users write them: `"500ms"`, `"30s"`, `"1m30s"`, `"12h"`, and ranges of two: `"1s..5m"`.

/// The longest time a message of SQS can be hidden.
const TWELVE_HOURS: u64 = 12 * 60 * 60 * 1000;

/// The units, the largest first.
const UNITS: [(&str, u64); 4] = [("h", 60 * 60 * 1000), ("m", 60 * 1000), ("s", 1000), ("ms", 1)];

/// The milliseconds that `text` says, or what is wrong with it.
pub(crate) fn millis(text: &str) -> Result<u64, String> {
    let example = "write it like \"500ms\", \"30s\", \"1m30s\" or \"2h\"";
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(format!("a length of time is missing: {example}"));
    }
    let mut total = 0_u64;
    let mut units = UNITS.iter();
    while !rest.is_empty() {
        let number;
        let unit;
        (number, rest) = split(rest, |c| c.is_ascii_digit());
        if number.is_empty() {
            return Err(format!("`{text}` is not a length of time: {example}"));
        }
        if rest.starts_with(['.', ',']) {
            return Err(format!("`{text}` has a fraction: write it in smaller units, as \"1s500ms\" for 1.5 s"));
        }
        (unit, rest) = split(rest, char::is_alphabetic);
        if unit.is_empty() {
            return Err(format!("`{text}` has a number without a unit: add `ms`, `s`, `m` or `h`"));
        }
        if UNITS.iter().all(|(known, _)| *known != unit) {
            return Err(format!("`{unit}` is not a unit of time: there are `ms`, `s`, `m` and `h`"));
        }
        let Some((_, each)) = units.find(|(known, _)| *known == unit) else {
            return Err(format!("`{text}` is out of order: write each unit once, the largest first, as in \"1h30m\""));
        };
        let more = number.parse().ok().and_then(|number: u64| number.checked_mul(*each));
        let sum = more.and_then(|more| total.checked_add(more));
        total = sum.ok_or_else(|| format!("`{text}` is longer than anything can wait: {example}"))?;
    }
    Ok(total)
}

/// The part at the start whose letters are all `of`, and the rest.
fn split(text: &str, of: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.len() - text.trim_start_matches(of).len())
}

/// The shortest and the longest of `"MIN..MAX"`, or twice the same of a single time.
pub(crate) fn backoff(text: &str) -> Result<(u64, u64), String> {
    let ends = text.split_once("..").map(|(min, max)| (min, max.strip_prefix('=').unwrap_or(max)));
    let (min, max) = match ends {
        Some((min, max)) if min.trim().is_empty() || max.trim().is_empty() => {
            return Err(format!(
                "`{text}` has one end only: write the shortest wait and the longest, as in \"1s..5m\""
            ));
        }
        Some((min, max)) => (millis(min)?, millis(max)?),
        None => (millis(text)?, millis(text)?),
    };
    if min > max {
        return Err(
            "this backoff starts with its longest wait: write the shorter one first, as in \"1s..5m\"".to_owned()
        );
    }
    if max > TWELVE_HOURS {
        return Err("this backoff waits longer than 12 hours, which is the most SQS allows: make it shorter".to_owned());
    }
    Ok((min, max))
}

/// A timeout: more than nothing, less than twelve hours.
pub(crate) fn timeout(text: &str) -> Result<u64, String> {
    match millis(text)? {
        0 => Err("a timeout of nothing would cancel every run: give it at least \"1ms\"".to_owned()),
        TWELVE_HOURS.. => Err("a timeout must be less than 12 hours: SQS cannot hide a message for longer".to_owned()),
        millis => Ok(millis),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (text, expected) in [
            ("500ms", 500),
            ("30s", 30_000),
            ("1m30s", 90_000),
            ("12h", TWELVE_HOURS),
            ("1h2m3s4ms", 3_723_004),
            ("0s", 0),
        ] {
            assert_eq!(millis(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (wrong, said) in [
            ("", "is missing"),
            ("s", "not a length of time"),
            ("-1s", "not a length of time"),
            ("30", "without a unit"),
            ("30 s", "without a unit"),
            ("5 minutes", "without a unit"),
            ("1.5s", "fraction"),
            ("30sec", "`sec` is not a unit"),
            ("1d", "`d` is not a unit"),
            ("1µs", "`µs` is not a unit"),
            ("1s1m", "out of order"),
            ("1s1s", "out of order"),
            ("18446744073709551616ms", "longer than anything"),
            ("99999999999999999999h", "longer than anything"),
        ] {
            let error = millis(wrong).unwrap_err();
            assert!(error.contains(said), "{wrong}: {error}");
        }
    }

    #[test]
    fn backoffs() {
        assert_eq!(backoff("1s..5m"), Ok((1000, 300_000)));
        assert_eq!(backoff("1s..=5m"), Ok((1000, 300_000)));
        assert_eq!(backoff("10s"), Ok((10_000, 10_000)));
        for wrong in ["5m..1s", "1s..13h", "1s..", "..5m", "1s-5m"] {
            assert!(backoff(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn timeouts() {
        assert_eq!(timeout("30s"), Ok(30_000));
        assert!(timeout("0s").is_err());
        assert!(timeout("12h").is_err());
        assert_eq!(timeout("11h59m"), Ok(TWELVE_HOURS - 60_000));
    }
}
