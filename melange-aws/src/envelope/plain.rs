//! JSON of objects and texts, step by step. `None` is said to all that is not so, or needs a closer look.

/// A place in such JSON.
pub(super) struct Plain<'a> {
    json: &'a str,
    at: usize,
}

impl<'a> Plain<'a> {
    pub(super) fn new(json: &'a str) -> Self {
        Self { json, at: 0 }
    }

    fn next(&self) -> Option<u8> {
        self.json.as_bytes().get(self.at).copied()
    }

    /// Passes over JSON's white space.
    pub(super) fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.next() {
            self.at += 1;
        }
    }

    /// Takes this sign, if it is the next.
    pub(super) fn take(&mut self, sign: u8) -> Option<()> {
        (self.next()? == sign).then(|| self.at += 1)
    }

    /// Whether nothing is left.
    pub(super) fn is_at_end(&mut self) -> bool {
        self.space();
        self.next().is_none()
    }

    /// Whether the object, whose brace has been taken, has one more entry; if not, its end is taken.
    pub(super) fn next_entry(&mut self, is_first: &mut bool) -> Option<bool> {
        self.space();
        if self.take(b'}').is_some() {
            return Some(false);
        }
        if !std::mem::take(is_first) {
            self.take(b',')?;
            self.space();
        }
        Some(true)
    }

    /// A key, and what stands between it and its value.
    pub(super) fn key(&mut self) -> Option<&'a str> {
        let key = self.text()?;
        self.space();
        self.take(b':')?;
        self.space();
        Some(key)
    }

    /// A text without escapes.
    pub(super) fn text(&mut self) -> Option<&'a str> {
        self.take(b'"')?;
        let begin = self.at;
        self.at = special(self.json.as_bytes(), begin)?;
        let text = self.json.get(begin..self.at)?;
        self.take(b'"')?;
        Some(text)
    }

    /// A text out of its escapes, which is put behind what `to` holds.
    pub(super) fn escaped_text(&mut self, to: &mut String) -> Option<()> {
        self.take(b'"')?;
        let (mut begin, mut from) = (self.at, self.at);
        loop {
            self.at = special(self.json.as_bytes(), from)?;
            to.push_str(self.json.get(begin..self.at)?);
            if self.take(b'"').is_some() {
                return Some(());
            }
            self.take(b'\\')?;
            let escape = self.next()?;
            begin = self.at;
            self.at += 1;
            from = self.at;
            if matches!(escape, b'"' | b'\\' | b'/') {
                // Most are of these: each stands for itself, and begins what is put down next.
                continue;
            }
            to.push(match escape {
                b'b' => '\u{8}',
                b'f' => '\u{c}',
                b'n' => '\n',
                b'r' => '\r',
                b't' => '\t',
                b'u' => self.code_point()?,
                _ => return None,
            });
            (begin, from) = (self.at, self.at);
        }
    }

    /// Of one unit, or of two that belong together.
    fn code_point(&mut self) -> Option<char> {
        let first = self.unit()?;
        if !(0xD800..0xDC00).contains(&first) {
            return char::from_u32(first);
        }
        self.take(b'\\')?;
        self.take(b'u')?;
        let second = self.unit().filter(|unit| (0xDC00..0xE000).contains(unit))?;
        char::from_u32(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
    }

    fn unit(&mut self) -> Option<u32> {
        let digits = self.json.as_bytes().get(self.at..)?.first_chunk::<4>()?;
        self.at += 4;
        digits.iter().try_fold(0, |unit, digit| Some(unit * 16 + char::from(*digit).to_digit(16)?))
    }
}

/// Where the next byte is that does not stand for itself in JSON's text: a quotation mark, a backslash, a control character.
fn special(bytes: &[u8], mut at: usize) -> Option<usize> {
    // Eight at once, as far as there are so many.
    while let Some(eight) = bytes.get(at..)?.first_chunk() {
        let found = specials(u64::from_le_bytes(*eight));
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    let is_special = |byte: &u8| *byte < 0x20 || matches!(byte, b'"' | b'\\');
    Some(at + bytes.get(at..)?.iter().position(is_special)?)
}

/// The highest bit of each byte that is special; those above the first may be wrong.
fn specials(eight: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    let is_below = |bytes: u64, least: u64| bytes.wrapping_sub(ONES * least) & !bytes;
    let is = |byte: u8| is_below(eight ^ (ONES * u64::from(byte)), 1);
    (is_below(eight, 0x20) | is(b'"') | is(b'\\')) & (ONES << 7)
}

#[cfg(test)]
mod tests {
    use super::special;

    #[test]
    fn the_first_special_byte_is_found_wherever_it_stands() {
        for byte in 0..=255 {
            let is_special = byte < 0x20 || byte == b'"' || byte == b'\\';
            for (before, around) in [(0, b'a'), (7, 0x7F), (8, 0xFF), (13, b'!'), (13, b'#'), (20, b'[')] {
                let mut bytes = vec![around; 24];
                assert_eq!(special(&bytes, 0), None);
                bytes[before] = byte;
                assert_eq!(special(&bytes, 0), is_special.then_some(before), "{byte} after {before} of {around}");
                assert_eq!(special(&bytes, before + 1), None);
            }
        }
        assert_eq!(special(b"abc", 4), None);
    }
}
