//! A moment in UTC to the microsecond: what `occurred_on` is made of.

use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, SubsecRound, TimeDelta, TimeZone, Timelike, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment in UTC, to the microsecond.
///
/// It is written as `2026-11-23T18:37:17.733359+00:00`, always with six digits, which every Python melange reads.
/// It is read from every form those libraries ever wrote: with or without a fraction of any length, with `Z`, an
/// offset, or no zone at all (taken as UTC), with a space for the `T`, and as a date alone (midnight).
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
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// The present moment by the system's clock, cut to the microsecond.
    #[must_use]
    pub fn now() -> Self {
        Self::from(Utc::now())
    }

    /// The moment `millis` milliseconds after 1970-01-01T00:00:00Z, or `None` when that is outside the calendar.
    #[must_use]
    pub fn from_unix_millis(millis: i64) -> Option<Self> {
        DateTime::from_timestamp_millis(millis).map(Self::from)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z, negative before.
    #[must_use]
    pub fn unix_millis(self) -> i64 {
        self.0.timestamp_millis()
    }

    /// The same moment as a chrono value.
    #[must_use]
    pub fn to_chrono(self) -> DateTime<Utc> {
        self.0
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(at: DateTime<Utc>) -> Self {
        Self(at.trunc_subsecs(6))
    }
}

/// Before or after all that the calendar has, it is the first or the last moment that it has.
impl From<SystemTime> for Timestamp {
    fn from(at: SystemTime) -> Self {
        let moment = match at.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => {
                TimeDelta::from_std(after).ok().and_then(|after| DateTime::UNIX_EPOCH.checked_add_signed(after))
            }
            Err(before) => TimeDelta::from_std(before.duration())
                .ok()
                .and_then(|before| DateTime::UNIX_EPOCH.checked_sub_signed(before)),
        };
        let is_past = at < SystemTime::UNIX_EPOCH;
        Self::from(moment.unwrap_or(if is_past { DateTime::<Utc>::MIN_UTC } else { DateTime::<Utc>::MAX_UTC }))
    }
}

impl From<Timestamp> for DateTime<Utc> {
    fn from(at: Timestamp) -> Self {
        at.0
    }
}

impl From<Timestamp> for SystemTime {
    fn from(at: Timestamp) -> Self {
        at.0.into()
    }
}

impl Timestamp {
    /// What is written exactly as Melange does, read in a fraction of the time that all the other forms take.
    pub(crate) fn of_own_form(text: &str) -> Option<Self> {
        #[rustfmt::skip]
        let [
            y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2, b':', s1, s2,
            b'.', f1, f2, f3, f4, f5, f6, b'+', b'0', b'0', b':', b'0', b'0',
        ] = *<&[u8; 32]>::try_from(text.as_bytes()).ok()? else { return None };
        let date = NaiveDate::from_ymd_opt(number([y1, y2, y3, y4])? as i32, number([m1, m2])?, number([d1, d2])?)?;
        let micros = number([f1, f2, f3, f4, f5, f6])?;
        let at = date.and_hms_micro_opt(number([h1, h2])?, number([n1, n2])?, number([s1, s2])?, micros)?;
        Some(Self(at.and_utc()))
    }

    /// As it is written, in a year of four digits and outside leap seconds. chrono reads its pattern anew each time, which
    /// takes several times as long.
    pub(crate) fn written(self) -> Option<[u8; 32]> {
        let (Ok(year @ 0..=9999), micros @ 0..=999_999) = (u32::try_from(self.0.year()), self.0.nanosecond() / 1_000)
        else {
            return None;
        };
        let two = |number: u32| [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        let ([y1, y2], [y3, y4]) = (two(year / 100), two(year % 100));
        let ([m1, m2], [d1, d2]) = (two(self.0.month()), two(self.0.day()));
        let ([h1, h2], [n1, n2], [s1, s2]) = (two(self.0.hour()), two(self.0.minute()), two(self.0.second()));
        let ([f1, f2], [f3, f4], [f5, f6]) = (two(micros / 10_000), two(micros / 100 % 100), two(micros % 100));
        #[rustfmt::skip]
        let text = [
            y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2, b':', s1, s2,
            b'.', f1, f2, f3, f4, f5, f6, b'+', b'0', b'0', b':', b'0', b'0',
        ];
        Some(text)
    }
}

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
            None => self.0.format("%Y-%m-%dT%H:%M:%S%.6f+00:00").fmt(f),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not a date or a moment in any of the forms [`Timestamp`] reads.
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
