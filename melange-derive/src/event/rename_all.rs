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
