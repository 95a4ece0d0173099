//! Texts and numbers that types may take: to find out which ones they do.

use super::run::Number;

/// Texts, and what a type that takes one of them and not the first takes.
pub(super) const TEXTS: &[(&str, &str)] = &[
    ("any", "melange sample"),
    ("word", "melange"),
    ("uuid", "01890a5d-ac96-774b-bcce-b302099a8057"),
    ("date-time", "2026-01-31T12:00:00Z"),
    ("date-time without zone", "2026-01-31T12:00:00"),
    ("date", "2026-01-31"),
    ("time", "12:00:00"),
    ("number", "1"),
    ("ip", "127.0.0.1"),
    ("ipv6", "::1"),
    ("url", "https://example.com/"),
    ("email", "a@example.com"),
    ("duration", "1s"),
    ("code", "EUR"),
    ("letter", "a"),
    ("bool", "true"),
    ("empty", ""),
];

/// Numbers that types of their own may refuse, as one that is never zero. The last two are not asked of what has no number below
/// zero.
pub(super) const NUMBERS: &[(&str, Number)] = &[
    ("0", Number::Zero),
    ("1", Number::One),
    ("the greatest", Number::Most),
    ("-1", Number::Below),
    ("the least", Number::Least),
];
