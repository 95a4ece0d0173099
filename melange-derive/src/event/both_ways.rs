//! What is written must be read by the same type: retries, dead letters and older builds bring it back. Only what serde surely
//! does is refused here; what a field's type does by itself, the contract finds when it is written and read.

use syn::{Ident, Type};

use super::model::{Model, Variant};
use super::serde_attrs::{SerdeContainer, SerdeField};
use crate::problems::Problems;
use crate::spelling::text;

pub(crate) fn check(model: &Model<'_>, problems: &mut Problems) {
    // Serde writes or reads another type.
    if model.serde.other_shape {
        return;
    }
    let mut renamed_all = Vec::new();
    for field in model.fields.iter().filter(|field| !field.misread) {
        if let Some(ident) = &field.source.ident {
            named(ident, field.ty(), &field.serde, &model.serde, &mut renamed_all, problems);
        }
    }
    for variant in &model.variants {
        for (field, _, serde) in &variant.fields {
            if let Some(ident) = &field.ident {
                named(ident, &field.ty, serde, &variant.serde, &mut renamed_all, problems);
            }
        }
    }
    if !model.serde.is_untagged() {
        model.variants.iter().for_each(|variant| of_enum(variant, model, &mut renamed_all, problems));
    }
    // One for all: who changes the rule mends them all.
    if let Some(Renamed { ident, written, read }) = renamed_all.first() {
        let message = format!(
            "`rename_all` has one rule for what is written and another for what is read: `{ident}` is written as \"{written}\" and read \
             as \"{read}\", so that this type cannot read what it publishes; give it one rule for both, as in `rename_all = \"...\"`"
        );
        match &model.serde.rename_all_at {
            Some(at) => problems.at(at, message),
            None => problems.at(ident, message),
        }
    }
}

/// What a rule of the container calls otherwise when it is written.
struct Renamed {
    ident: Ident,
    written: String,
    read: String,
}

fn named(
    ident: &Ident,
    ty: &Type,
    serde: &SerdeField,
    container: &SerdeContainer,
    renamed_all: &mut Vec<Renamed>,
    problems: &mut Problems,
) {
    let name = text(ident);
    match (serde.written(&name, container), serde.read_as(&name, container)) {
        (Some(written), Some(read)) => {
            if !serde.is_read_as(&written, &read) {
                names_differ(ident, serde, written, read, renamed_all, problems);
            }
            if serde.skip_if && is_surely_needed(ty) && !serde.fills_in(ty, container) {
                problems.at(
                    ident,
                    format!(
                        "`{name}` is left out now and then (`skip_serializing_if`), and an event without it cannot be read: give it \
                         `#[serde(default)]` too"
                    ),
                );
            }
        }
        (None, Some(_)) if is_surely_needed(ty) && !serde.fills_in(ty, container) => problems.at(
            ident,
            format!(
                "`{name}` is never written (`skip_serializing`), and an event without it cannot be read: give it `#[serde(default)]`, or \
                 `#[serde(skip)]` it both ways"
            ),
        ),
        // What is only written is for others, and serde fills it in.
        _ => {}
    }
}

fn names_differ(
    ident: &Ident,
    serde: &SerdeField,
    written: String,
    read: String,
    renamed_all: &mut Vec<Renamed>,
    problems: &mut Problems,
) {
    if !serde.is_renamed() {
        renamed_all.push(Renamed { ident: ident.clone(), written, read });
        return;
    }
    problems.at(
        ident,
        format!(
            "`{}` is written as \"{written}\" and read as \"{read}\", so that this type cannot read what it publishes: {}",
            text(ident),
            mend(serde, &written, &read)
        ),
    );
}

/// How one name becomes both. Nobody sees here whether `Serialize` is written by hand, and then writes what it likes: where only
/// the name for reading is said, it may well be that one.
fn mend(serde: &SerdeField, written: &str, read: &str) -> String {
    let alias = format!("or read the written one too, `#[serde(alias = \"{written}\")]`");
    if serde.is_renamed_for_reading_only() {
        format!(
            "give it one name for both, `#[serde(rename = \"{read}\")]`, also where `Serialize` is written by hand and writes that name; \
             {alias}"
        )
    } else {
        format!("give it one name for both, `#[serde(rename = \"{written}\")]`, {alias}")
    }
}

fn of_enum(variant: &Variant<'_>, model: &Model<'_>, renamed_all: &mut Vec<Renamed>, problems: &mut Problems) {
    let (ident, serde) = (&variant.source.ident, &variant.own);
    if serde.untagged {
        return;
    }
    match model.serde.variant_names(&text(ident), serde) {
        (Some(written), Some(read)) if !serde.is_read_as(&written, &read) => {
            names_differ(ident, serde, written, read, renamed_all, problems);
        }
        (Some(_), None) if !model.variants.iter().any(|other| other.own.other) => problems.at(
            ident,
            format!(
                "`{}` can be written and not read (`skip_deserializing`), so that this type cannot read what it publishes: `skip` it both \
                 ways, or read it",
                text(ident)
            ),
        ),
        _ => {}
    }
}

/// Whether a field of this type must be there, whatever it holds: a type of another name may be an `Option` within.
fn is_surely_needed(ty: &Type) -> bool {
    const NEEDED: [&str; 25] = [
        "String", "Vec", "VecDeque", "HashMap", "BTreeMap", "HashSet", "BTreeSet", "bool", "char", "u8", "u16", "u32",
        "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f32", "f64", "PathBuf", "Duration",
    ];
    match ty {
        Type::Group(group) => is_surely_needed(&group.elem),
        Type::Array(_) => true,
        Type::Tuple(tuple) => !tuple.elems.is_empty(),
        Type::Path(path) => path.path.segments.last().is_some_and(|last| NEEDED.iter().any(|name| last.ident == name)),
        _ => false,
    }
}
