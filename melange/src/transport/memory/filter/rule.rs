//! What a key's value may be.

use std::borrow::Cow;
use std::net::IpAddr;

use serde_json::Value;

use super::number::{Number, Range};
use super::wildcard::Wildcard;

/// What is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scalar<'a> {
    Text(Cow<'a, str>),
    Number(Number),
    /// A number that no policy can name.
    Large,
    Bool(bool),
    Null,
}

impl<'a> Scalar<'a> {
    /// `None` for lists and objects.
    pub(super) fn of(value: &'a Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(Self::Text(text.into())),
            Value::Number(_) => Some(Number::of(value).map_or(Self::Large, Self::Number)),
            Value::Bool(value) => Some(Self::Bool(*value)),
            Value::Null => Some(Self::Null),
            Value::Array(_) | Value::Object(_) => None,
        }
    }

    pub(super) fn into_owned<'b>(self) -> Scalar<'b> {
        match self {
            Self::Text(text) => Scalar::Text(text.into_owned().into()),
            Self::Number(number) => Scalar::Number(number),
            Self::Large => Scalar::Large,
            Self::Bool(value) => Scalar::Bool(value),
            Self::Null => Scalar::Null,
        }
    }

    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether there is something at all.
    fn is_something(&self) -> bool {
        *self != Self::Null && self.text() != Some("")
    }
}

/// What a key's value may be: one of these.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rules(pub(super) Vec<Rule>);

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Rule {
    Is(Scalar<'static>),
    Prefix(String),
    Suffix(String),
    Wildcard(Wildcard),
    /// In lower case.
    IgnoreCase(String),
    AnythingBut(Vec<Scalar<'static>>),
    NoPrefix(String),
    NoSuffix(String),
    NoWildcard(Wildcard),
    Numeric(Range),
    Exists(bool),
    Cidr(Cidr),
}

impl Rules {
    /// Whether one of `values` is let through.
    pub(super) fn lets(&self, values: &[Scalar<'_>]) -> bool {
        self.0.iter().any(|rule| match rule {
            // Of what is there, all must be nothing.
            Rule::Exists(false) => !values.iter().any(Scalar::is_something),
            rule => values.iter().any(|value| rule.lets(value)),
        })
    }

    /// Whether the key may be missing.
    pub(super) fn lets_absence(&self) -> bool {
        self.0.contains(&Rule::Exists(false))
    }
}

impl Rule {
    fn lets(&self, value: &Scalar<'_>) -> bool {
        let text = |test: &dyn Fn(&str) -> bool| value.text().is_some_and(test);
        match self {
            Self::Is(wanted) => wanted == value,
            Self::Prefix(prefix) => text(&|text| text.starts_with(prefix.as_str())),
            Self::Suffix(suffix) => text(&|text| text.ends_with(suffix.as_str())),
            Self::Wildcard(wildcard) => text(&|text| wildcard.matches(text)),
            Self::IgnoreCase(wanted) => text(&|text| text.to_lowercase() == *wanted),
            Self::AnythingBut(unwanted) => !unwanted.contains(value),
            Self::NoPrefix(prefix) => text(&|text| !text.starts_with(prefix.as_str())),
            Self::NoSuffix(suffix) => text(&|text| !text.ends_with(suffix.as_str())),
            Self::NoWildcard(wildcard) => text(&|text| !wildcard.matches(text)),
            Self::Numeric(range) => matches!(value, Scalar::Number(number) if range.contains(*number)),
            Self::Exists(wanted) => value.is_something() == *wanted,
            Self::Cidr(cidr) => text(&|text| text.parse().is_ok_and(|address| cidr.contains(address))),
        }
    }
}

/// A range of addresses: `10.0.0.0/24`, `2001:db8::/32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cidr {
    base: IpAddr,
    bits: u32,
}

impl Cidr {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (base, bits) = text.split_once('/').ok_or("`cidr` needs one `/`, as in \"10.0.0.0/24\"")?;
        let base: IpAddr = base.parse().map_err(|_| "`cidr` begins with an address, as in \"10.0.0.0/24\"")?;
        let bits: u32 = bits.parse().map_err(|_| "`cidr` ends with a number of bits, as in \"10.0.0.0/24\"")?;
        let cidr = Self { base, bits };
        if bits > width(base) {
            return Err(format!("`cidr` has {bits} bits where an address has {}", width(base)));
        }
        if number(base) != cidr.head(base) {
            return Err(format!("the address of `cidr` has bits set beyond the first {bits}"));
        }
        Ok(cidr)
    }

    fn contains(&self, address: IpAddr) -> bool {
        width(address) == width(self.base) && self.head(address) == number(self.base)
    }

    /// The first bits of `address`, and zeros.
    fn head(&self, address: IpAddr) -> u128 {
        let rest = width(address).saturating_sub(self.bits);
        number(address).checked_shr(rest).and_then(|head| head.checked_shl(rest)).unwrap_or(0)
    }
}

fn width(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_addresses_is_its_first_bits() {
        let inside = |cidr: &str, address: &str| Cidr::parse(cidr).unwrap().contains(address.parse().unwrap());
        assert!(inside("10.0.0.0/24", "10.0.0.255") && !inside("10.0.0.0/24", "10.0.1.0"));
        assert!(inside("0.0.0.0/0", "192.168.1.1") && !inside("0.0.0.0/0", "::1"));
        assert!(inside("10.1.2.3/32", "10.1.2.3") && !inside("10.1.2.3/32", "10.1.2.2"));
        assert!(inside("2001:db8::/32", "2001:db8:1::1") && !inside("2001:db8::/32", "2001:db9::"));
        assert!(inside("::/0", "ffff::") && !inside("::/0", "1.1.1.1"));
        for bad in ["10.0.0.0", "10.0.0.0/33", "10.0.0.1/24", "ten/8", "10.0.0.0/x", "10.0.0.0/-1", "::/129", "/", ""] {
            assert!(Cidr::parse(bad).is_err(), "{bad}");
        }
    }
}
