//! A moment in UTC to the microsecond: what `occurred_on` is made of.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeZone, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment in UTC, to the microsecond.
///
/// It is written as `2026-11-23T18:37:17.733359+00:00`, always with six digits, which every version of Python melange
/// reads. It is read in every form those libraries ever wrote: with or without a fraction of any length, with `Z`, an
/// offset, or no zone at all (taken as UTC), with a space instead of the `T`, and as a date only (midnight).
///
/// ```
/// use melange::Timestamp;
///
/// let at: Timestamp = "2017-09-03T10:11:38Z".parse()?;
/// assert_eq!(at.to_string(), "2017-09-03T10:11:38.000000+00:00");
/// assert!(at < Timestamp::now());
/// # Ok::<(), melange::ParseTimestampError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Since 1970-01-01T00:00:00Z.
    seconds: i64,
    /// A million and more in a leap second, which comes after the 59th.
    micros: u32,
}

const MILLION: u32 = 1_000_000;
const DAY: i64 = 24 * 60 * 60;

/// Days from the first of January of the year 1, counted from 1, to 1970.
const UNIX_DAY: i64 = 719_163;

impl Timestamp {
    /// The current time of the system clock, truncated to the microsecond.
    #[must_use]
    pub fn now() -> Self {
        Self::from(SystemTime::now())
    }

    /// The moment `millis` milliseconds after 1970-01-01T00:00:00Z, or `None` if that is outside the calendar.
    #[must_use]
    pub fn from_unix_millis(millis: i64) -> Option<Self> {
        DateTime::from_timestamp_millis(millis).map(Self::from)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z, negative before.
    #[must_use]
    pub fn unix_millis(self) -> i64 {
        self.seconds * 1_000 + i64::from(self.micros / 1_000)
    }

    /// The same moment as a chrono value.
    #[must_use]
    pub fn to_chrono(self) -> DateTime<Utc> {
        // What it was made of is in the calendar.
        DateTime::from_timestamp(self.seconds, self.micros * 1_000).unwrap_or_default()
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(at: DateTime<Utc>) -> Self {
        Self::of_chrono(at)
    }
}

/// Before or after all that the calendar has, it is the first or the last moment that it has.
impl From<SystemTime> for Timestamp {
    fn from(at: SystemTime) -> Self {
        let seconds = |of: Duration| i64::try_from(of.as_secs()).unwrap_or(i64::MAX);
        let moment = match at.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => Self { seconds: seconds(after), micros: after.subsec_micros() },
            Err(before) => {
                // Cut, which is towards the past.
                let (seconds, micros) = (-seconds(before.duration()), before.duration().subsec_nanos().div_ceil(1_000));
                if micros == 0 {
                    Self { seconds, micros }
                } else {
                    Self { seconds: seconds - 1, micros: MILLION - micros }
                }
            }
        };
        moment.clamp(FIRST, LAST)
    }
}

impl From<Timestamp> for DateTime<Utc> {
    fn from(at: Timestamp) -> Self {
        at.to_chrono()
    }
}

impl From<Timestamp> for SystemTime {
    fn from(at: Timestamp) -> Self {
        at.to_chrono().into()
    }
}

/// The first and the last moment of the calendar.
const FIRST: Timestamp = Timestamp::of_chrono(DateTime::<Utc>::MIN_UTC);
const LAST: Timestamp = Timestamp::of_chrono(DateTime::<Utc>::MAX_UTC);

impl Timestamp {
    const fn of_chrono(at: DateTime<Utc>) -> Self {
        Self { seconds: at.timestamp(), micros: at.timestamp_subsec_micros() }
    }

    /// What is written exactly as Melange does, read in a fraction of the time that all the other forms take.
    pub(crate) fn of_own_form(text: &str) -> Option<Self> {
        #[rustfmt::skip]
        let [
            y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2, b':', s1, s2,
            b'.', f1, f2, f3, f4, f5, f6, b'+', b'0', b'0', b':', b'0', b'0',
        ] = *<&[u8; 32]>::try_from(text.as_bytes()).ok()? else { return None };
        let date = NaiveDate::from_ymd_opt(number([y1, y2, y3, y4])? as i32, number([m1, m2])?, number([d1, d2])?)?;
        let (hour @ 0..24, minute @ 0..60, second @ 0..60) = (number([h1, h2])?, number([n1, n2])?, number([s1, s2])?)
        else {
            return None;
        };
        let days = i64::from(date.num_days_from_ce()) - UNIX_DAY;
        let seconds = days * DAY + i64::from(hour * 3_600 + minute * 60 + second);
        Some(Self { seconds, micros: number([f1, f2, f3, f4, f5, f6])? })
    }

    /// As it is written, in a year of four digits and outside leap seconds. chrono reads its pattern anew each time,
    /// which takes several times as long.
    pub(crate) fn written(self) -> Option<[u8; 32]> {
        let (days, second) = (self.seconds.div_euclid(DAY) + UNIX_DAY, self.seconds.rem_euclid(DAY) as u32);
        let date = NaiveDate::from_num_days_from_ce_opt(i32::try_from(days).ok()?)?;
        let (Ok(year @ 0..=9999), micros @ 0..MILLION) = (u32::try_from(date.year()), self.micros) else { return None };
        let two = |number: u32| PAIRS.get(number as usize).copied().unwrap_or_default();
        let ([y1, y2], [y3, y4]) = (two(year / 100), two(year % 100));
        let ([m1, m2], [d1, d2]) = (two(date.month()), two(date.day()));
        let ([h1, h2], [n1, n2], [s1, s2]) = (two(second / 3_600), two(second / 60 % 60), two(second % 60));
        let ([f1, f2], [f3, f4], [f5, f6]) = (two(micros / 10_000), two(micros / 100 % 100), two(micros % 100));
        #[rustfmt::skip]
        let text = [
            y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2, b':', s1, s2,
            b'.', f1, f2, f3, f4, f5, f6, b'+', b'0', b'0', b':', b'0', b'0',
        ];
        Some(text)
    }
}

/// The numbers up to 99, in two digits.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        number += 1;
    }
    pairs
};

/// The number that these digits are, if they are digits.
fn number<const N: usize>(digits: [u8; N]) -> Option<u32> {
    let (mut number, mut are_digits) = (0, true);
    for digit in digits {
        let digit = digit.wrapping_sub(b'0');
        are_digits &= digit <= 9;
        number = number * 10 + u32::from(digit);
    }
    are_digits.then_some(number)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.written() {
            Some(text) => f.pad(std::str::from_utf8(&text).map_err(|_| fmt::Error)?),
            None => self.to_chrono().format("%Y-%m-%dT%H:%M:%S%.6f+00:00").fmt(f),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not a date or time in any of the forms that [`Timestamp`] reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParseTimestampError;

impl fmt::Display for ParseTimestampError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a date or a moment: expected a form like 2026-11-23T18:37:17.733359+00:00")
    }
}

impl std::error::Error for ParseTimestampError {}

impl FromStr for Timestamp {
    type Err = ParseTimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(at) = Self::of_own_form(text) {
            return Ok(at);
        }
        if let Ok(at) = DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_rfc3339(text.trim())) {
            return Ok(Self::from(at.with_timezone(&Utc)));
        }
        let text = text.trim();
        for form in ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f%#z"] {
            if let Ok(at) = DateTime::parse_from_str(text, form) {
                return Ok(Self::from(at.with_timezone(&Utc)));
            }
        }
        let naive = text.strip_suffix(['Z', 'z']).unwrap_or(text).trim_end();
        for form in ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"] {
            if let Ok(at) = NaiveDateTime::parse_from_str(naive, form) {
                return Ok(Self::from(Utc.from_utc_datetime(&at)));
            }
        }
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| ParseTimestampError)?;
        let midnight = date.and_hms_opt(0, 0, 0).ok_or(ParseTimestampError)?;
        Ok(Self::from(Utc.from_utc_datetime(&midnight)))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<str>::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{SubsecRound as _, TimeDelta};

    use super::*;

    #[test]
    fn every_day_is_the_calendars() {
        for day in (-800_000..3_000_000).step_by(97) {
            let at = DateTime::UNIX_EPOCH + TimeDelta::days(day) + TimeDelta::microseconds(day * 86_399_999_983 / 97);
            let stamp = Timestamp::from(at);
            let written = at.format("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string();
            assert_eq!((stamp.to_string(), stamp.to_chrono()), (written.clone(), at));
            assert_eq!(written.parse(), Ok(stamp));
            assert_eq!(stamp.unix_millis(), at.timestamp_millis());
        }
    }

    #[test]
    fn what_is_finer_is_cut_before_and_after_1970() {
        for nanos in [0, 1, 999, 1_000, 999_999_000, 999_999_001, 1_000_000_000, 1_000_000_001, 86_399_999_999_999] {
            let time = Duration::from_nanos(nanos);
            for at in [SystemTime::UNIX_EPOCH + time, SystemTime::UNIX_EPOCH - time] {
                assert_eq!(Timestamp::from(at).to_chrono(), DateTime::<Utc>::from(at).trunc_subsecs(6), "{nanos}");
            }
        }
    }

    #[test]
    fn a_leap_second_comes_after_the_59th_and_before_the_next_minute() {
        let [before, leap, after] = ["2016-12-31T23:59:59.5Z", "2016-12-31T23:59:60.5Z", "2017-01-01T00:00:00Z"]
            .map(|text| text.parse::<Timestamp>().unwrap());
        assert!(before < leap && leap < after);
        assert_eq!(leap.to_string(), "2016-12-31T23:59:60.500000+00:00");
        assert_eq!(leap.to_string().parse(), Ok(leap));
    }

    #[test]
    fn outside_the_calendar_it_is_the_first_or_the_last_moment() {
        let age = Duration::from_secs(10_000_000 * 366 * 24 * 60 * 60);
        let both = [SystemTime::UNIX_EPOCH - age, SystemTime::UNIX_EPOCH + age].map(Timestamp::from);
        assert_eq!(both.map(Timestamp::to_chrono), [FIRST, LAST].map(Timestamp::to_chrono));
        assert_eq!(FIRST.to_chrono(), DateTime::<Utc>::MIN_UTC);
        for at in both {
            assert_eq!(SystemTime::from(at), at.to_chrono().into());
        }
    }
}
