//! Lengths of time as users write them: `"500ms"`, `"30s"`, `"1m30s"`, `"12h"`, and ranges of two: `"1s..5m"`.

/// The longest time a message of SQS can be hidden.
pub(crate) const TWELVE_HOURS: u64 = 12 * 60 * 60 * 1000;

/// The milliseconds that `text` says, or what is wrong with it.
pub(crate) fn millis(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is not a length of time: write it like \"500ms\", \"30s\", \"1m30s\" or \"2h\"");
    let mut rest = text.trim();
    let mut total = 0_u64;
    let mut last_unit = u64::MAX;
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let number: u64 = rest[..digits].parse().map_err(|_| wrong())?;
        rest = &rest[digits..];
        let letters = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let unit = match &rest[..letters] {
            "ms" => 1,
            "s" => 1000,
            "m" => 60 * 1000,
            "h" => 60 * 60 * 1000,
            "" => return Err(format!("`{text}` has a number without a unit: add `ms`, `s`, `m` or `h`")),
            _ => return Err(wrong()),
        };
        if unit >= last_unit {
            return Err(wrong());
        }
        last_unit = unit;
        rest = &rest[letters..];
        total = number.checked_mul(unit).and_then(|part| total.checked_add(part)).ok_or_else(wrong)?;
    }
    Ok(total)
}

/// The shortest and the longest of `"MIN..MAX"`, or twice the same of a single time.
pub(crate) fn backoff(text: &str) -> Result<(u64, u64), String> {
    let (min, max) = match text.split_once("..") {
        Some((min, max)) => (millis(min)?, millis(max.strip_prefix('=').unwrap_or(max))?),
        None => (millis(text)?, millis(text)?),
    };
    if min > max {
        return Err(
            "this backoff starts with its longest wait: write the shorter one first, as in \"1s..5m\"".to_owned()
        );
    }
    if max > TWELVE_HOURS {
        return Err("this backoff waits longer than 12 hours, which is the most SQS allows".to_owned());
    }
    Ok((min, max))
}

/// A time-out: more than nothing, less than twelve hours.
pub(crate) fn timeout(text: &str) -> Result<u64, String> {
    match millis(text)? {
        0 => Err("a time-out of nothing would cancel every run: give it at least \"1ms\"".to_owned()),
        TWELVE_HOURS.. => Err("a time-out must be less than 12 hours: SQS cannot hide a message for longer".to_owned()),
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
        for wrong in
            ["", "s", "30", "30 s", "1.5s", "-1s", "30sec", "1s1m", "1s1s", "5 minutes", "99999999999999999999h", "1d"]
        {
            assert!(millis(wrong).is_err(), "{wrong}");
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
