//! Numbers as filter policies compare them: within a billion, to five decimals.

use serde_json::Value;

/// Source: the SNS developer guide, filter policy constraints.
const LARGEST: f64 = 1e9;

/// A number in hundred-thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Number(i64);

impl Number {
    /// `None` when it is too large.
    pub(super) fn new(number: f64) -> Option<Self> {
        #[allow(clippy::cast_possible_truncation, reason = "it is at most 10^14")]
        (number.abs() <= LARGEST).then(|| Self((number * 1e5).round() as i64))
    }

    /// The number that `value` is; `None` when it is none, or too large.
    pub(super) fn of(value: &Value) -> Option<Self> {
        value.as_f64().and_then(Self::new)
    }
}

/// The number that an attribute spells.
pub(super) fn parse(text: &str) -> Option<Number> {
    text.trim().parse().ok().and_then(Number::new)
}

/// A `numeric` matcher: equal, or between bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Range {
    Equal(Number),
    Within { low: Option<Bound>, high: Option<Bound> },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bound {
    at: Number,
    included: bool,
}

impl Range {
    pub(super) fn contains(&self, number: Number) -> bool {
        match self {
            Self::Equal(at) => number == *at,
            Self::Within { low, high } => {
                let above = |bound: &Bound| number > bound.at || bound.included && number == bound.at;
                let below = |bound: &Bound| number < bound.at || bound.included && number == bound.at;
                low.as_ref().is_none_or(above) && high.as_ref().is_none_or(below)
            }
        }
    }

    /// `["=", 1]`, `[">", 0]` or `[">", 0, "<=", 5]`.
    pub(super) fn parse(parts: &[Value]) -> Result<Self, String> {
        let (low, high) = match parts {
            [operator, at] => (part(operator, at)?, None),
            [low, from, high, to] => (part(low, from)?, Some(part(high, to)?)),
            [] => return Err("`numeric` is empty".to_owned()),
            _ => return Err("`numeric` takes an operator and a number, once or twice".to_owned()),
        };
        match (low, high) {
            (("=", at), None) => Ok(Self::Equal(at)),
            ((">" | ">=", _), None) => Ok(Self::Within { low: Some(bound(low)), high: None }),
            (("<" | "<=", _), None) => Ok(Self::Within { low: None, high: Some(bound(low)) }),
            ((">" | ">=", from), Some((operator @ ("<" | "<="), to))) => {
                if to <= from {
                    return Err("the lower end of `numeric` must be less than the upper one".to_owned());
                }
                Ok(Self::Within { low: Some(bound(low)), high: Some(bound((operator, to))) })
            }
            (_, None) => Err(format!("`numeric` has an unknown operator `{}`", low.0)),
            (_, Some(_)) => Err("a range of `numeric` begins with `>` or `>=` and ends with `<` or `<=`".to_owned()),
        }
    }
}

fn bound((operator, at): (&str, Number)) -> Bound {
    Bound { at, included: operator.ends_with('=') }
}

fn part<'a>(operator: &'a Value, at: &Value) -> Result<(&'a str, Number), String> {
    let operator = operator.as_str().ok_or("an operator of `numeric` must be a text, such as \">=\"")?;
    if !at.is_number() {
        return Err(format!("the value of `{operator}` in `numeric` must be a number"));
    }
    let at = Number::of(at).ok_or("numbers in a filter policy are within a billion of zero")?;
    Ok((operator, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_decimals_count() {
        assert_eq!(parse("1.000004"), parse("1"));
        assert_ne!(parse("1.00001"), parse("1"));
        assert_eq!((parse(" 007.50"), parse("1e9").is_some()), (parse("7.5"), true));
        assert_eq!([parse("1000000000.1"), parse("NaN"), parse("inf"), parse("x"), parse("")], [None; 5]);
    }

    #[test]
    fn the_ends_of_a_range_belong_to_it_as_it_says() {
        let range = |json: &str| Range::parse(&serde_json::from_str::<Vec<Value>>(json).unwrap()).unwrap();
        let inside = |json, number| range(json).contains(Number::new(number).unwrap());
        assert!(inside(r#"[">", 0, "<=", 150]"#, 150.0) && !inside(r#"[">", 0, "<=", 150]"#, 0.0));
        assert!(inside(r#"[">=", -1.5]"#, -1.5) && !inside(r#"["<", -1.5]"#, -1.5));
        assert!(inside(r#"["=", 301.5]"#, 3.015e2) && !inside(r#"["=", 301.5]"#, 301.6));
    }
}
