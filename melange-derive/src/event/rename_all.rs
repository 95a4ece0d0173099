//! The rules of `#[serde(rename_all = ..)]`.

/// A rule of `rename_all`, as far as it changes the names of fields.
#[derive(Clone, Copy)]
pub(crate) enum Rule {
    Upper,
    Pascal,
    Camel,
    Kebab,
    UpperKebab,
}

impl Rule {
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "UPPERCASE" | "SCREAMING_SNAKE_CASE" => Some(Self::Upper),
            "PascalCase" => Some(Self::Pascal),
            "camelCase" => Some(Self::Camel),
            "kebab-case" => Some(Self::Kebab),
            "SCREAMING-KEBAB-CASE" => Some(Self::UpperKebab),
            // `lowercase` and `snake_case` leave fields as they are.
            _ => None,
        }
    }

    pub(crate) fn apply(self, ident: &str) -> String {
        match self {
            Self::Upper => ident.to_ascii_uppercase(),
            Self::Kebab => ident.replace('_', "-"),
            Self::UpperKebab => ident.to_ascii_uppercase().replace('_', "-"),
            Self::Pascal => pascal(ident),
            Self::Camel => {
                let pascal = pascal(ident);
                let mut letters = pascal.chars();
                letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
            }
        }
    }
}

/// A rule of `rename_all`, as far as it changes the names of variants.
#[derive(Clone, Copy)]
pub(crate) enum VariantRule {
    Lower,
    Upper,
    Camel,
    /// Words between this, in capitals or not.
    Words(char, bool),
}

impl VariantRule {
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "lowercase" => Some(Self::Lower),
            "UPPERCASE" => Some(Self::Upper),
            "camelCase" => Some(Self::Camel),
            "snake_case" => Some(Self::Words('_', false)),
            "SCREAMING_SNAKE_CASE" => Some(Self::Words('_', true)),
            "kebab-case" => Some(Self::Words('-', false)),
            "SCREAMING-KEBAB-CASE" => Some(Self::Words('-', true)),
            // `PascalCase` leaves variants as they are.
            _ => None,
        }
    }

    pub(crate) fn apply(self, ident: &str) -> String {
        match self {
            Self::Lower => ident.to_ascii_lowercase(),
            Self::Upper => ident.to_ascii_uppercase(),
            Self::Camel => {
                let mut letters = ident.chars();
                letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
            }
            Self::Words(between, capitals) => {
                let mut name = String::new();
                for (at, letter) in ident.char_indices() {
                    if at > 0 && letter.is_uppercase() {
                        name.push(between);
                    }
                    name.push(if capitals { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() });
                }
                name
            }
        }
    }
}

fn pascal(ident: &str) -> String {
    let mut up = true;
    let mut name = String::new();
    for letter in ident.chars() {
        match letter {
            '_' => up = true,
            _ if up => {
                name.push(letter.to_ascii_uppercase());
                up = false;
            }
            _ => name.push(letter),
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_are_named_as_serde_names_them() {
        for (rule, expected) in [
            ("lowercase", "orderplaced"),
            ("UPPERCASE", "ORDERPLACED"),
            ("PascalCase", "OrderPlaced"),
            ("camelCase", "orderPlaced"),
            ("snake_case", "order_placed"),
            ("SCREAMING_SNAKE_CASE", "ORDER_PLACED"),
            ("kebab-case", "order-placed"),
            ("SCREAMING-KEBAB-CASE", "ORDER-PLACED"),
        ] {
            let named =
                VariantRule::named(rule).map_or_else(|| "OrderPlaced".to_owned(), |rule| rule.apply("OrderPlaced"));
            assert_eq!(named, expected, "{rule}");
        }
    }
}
