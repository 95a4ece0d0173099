//! Every rule an event must keep that can be seen in its source.

use quote::ToTokens;
use syn::{Data, DeriveInput, GenericParam, Type};

use super::attr::ContainerAttrs;
use super::both_ways;
use super::model::{Field, Model, RESERVED, SINGLE};
use super::serde_attrs::in_option;
use crate::names;
use crate::problems::Problems;
use crate::spelling::text;

pub(crate) fn check(input: &DeriveInput, attrs: &ContainerAttrs, model: &Model<'_>, problems: &mut Problems) {
    if let Data::Union(data) = &input.data {
        problems.at(data.union_token, "a union cannot be an event: use a struct or an enum");
        return;
    }
    generics(input, problems);
    container(input, attrs, problems);
    marks(model, problems);
    attributes(model, problems);
    if model.flat {
        flat_names(model, problems);
        flat_container(model, problems);
    }
    if attrs.local.is_none() {
        borrowed(model, problems);
        both_ways::check(model, problems);
    }
}

/// What serde would read for `'static` only. Else the compiler says so of the derive, and names no field.
fn borrowed(model: &Model<'_>, problems: &mut Problems) {
    if model.serde.other_shape {
        return;
    }
    let fields = model.fields.iter().map(|field| (field.ty(), &field.serde));
    let of_variants = model.variants.iter().flat_map(|variant| &variant.fields);
    let of_variants = of_variants.map(|(field, _, serde)| (&field.ty, serde));
    for (ty, serde) in fields.chain(of_variants) {
        // Serde borrows in an `Option` as well.
        let Type::Reference(reference) = in_option(ty).unwrap_or(ty) else { continue };
        let is_static = reference.lifetime.as_ref().is_some_and(|lifetime| lifetime.ident == "static");
        let owned = match &*reference.elem {
            Type::Path(path) if path.path.is_ident("str") => "`String`",
            Type::Slice(_) => "`Vec`",
            // Of these two serde borrows, whatever function reads the field. Not of others.
            _ if serde.read_by_hand => continue,
            _ => "what it points to",
        };
        let (_, is_not_read) = serde.skipped();
        if is_static && !is_not_read {
            problems.at(
                reference,
                format!(
                    "an event must own its data, because it is built from a message that is gone afterwards: use {owned}, or \
                     `#[event(local)]` if it never leaves the process"
                ),
            );
        }
    }
}

fn generics(input: &DeriveInput, problems: &mut Problems) {
    let name = text(&input.ident);
    match input.generics.params.first() {
        Some(GenericParam::Lifetime(param)) => {
            problems.at(param, "an event owns its data, because queues keep it: take `String` for `&str`, `Vec` for slices");
        }
        Some(GenericParam::Type(_) | GenericParam::Const(_)) => problems.at(
            &input.generics.params,
            format!(
                "a generic type cannot be an event, because each of its types would need a name of its own: wrap the one you \
                 mean, as in `struct User{name}({name}<User>);`, and derive `Event` there"
            ),
        ),
        None => {}
    }
}

fn container(input: &DeriveInput, attrs: &ContainerAttrs, problems: &mut Problems) {
    // After a slip such as `topik = ".."` the topic is not missing, only misspelled. A local event may have one, for the
    // queues in memory.
    let slip = input.attrs.iter().find(|attr| ["events", "melange"].iter().any(|slip| attr.path().is_ident(slip)));
    if let (Some(slip), false, None) = (slip, attrs.has_topic, &attrs.local) {
        problems.at(slip.path(), "the options of an event stand in `#[event(..)]`: write it so");
    } else if !attrs.has_topic && attrs.local.is_none() && problems.is_empty() {
        problems.at(
            &input.ident,
            format!(
                "`{}` has no topic: add `#[event(topic = \"...\")]`, or `#[event(local)]` if it never leaves the process",
                text(&input.ident)
            ),
        );
    }
    let name = attrs.name.as_ref().map_or_else(|| text(&input.ident), syn::LitStr::value);
    if attrs.name.is_none()
        && let Err(problem) = names::event(&name)
    {
        problems.at(&input.ident, format!("{problem}; or give it another one with `#[event(name = \"...\")]`"));
    }
    let mut known = vec![name];
    for alias in &attrs.aliases {
        if known.contains(&alias.value()) {
            problems.at(alias, format!("the event is already read under \"{}\": drop this alias", alias.value()));
        }
        known.push(alias.value());
    }
    let mut seen = Vec::new();
    for old in &attrs.upcasts {
        let spelled = old.to_token_stream().to_string();
        if old.is_ident(&input.ident) || old.is_ident("Self") {
            problems.at(old, "an event cannot be made from itself: list older versions only");
        } else if seen.contains(&spelled) {
            problems.at(old, "this older version is listed twice: keep one");
        }
        seen.push(spelled);
    }
}

fn marks(model: &Model<'_>, problems: &mut Problems) {
    for (name, mark) in SINGLE {
        let mut marked = model.fields.iter().filter_map(|field| Some((field, mark(&field.attrs)?)));
        let Some((first, _)) = marked.next() else { continue };
        let first = first.place();
        for (_, second) in marked {
            problems
                .at(second, format!("only one field can be `#[event({name})]`, and `{first}` is: keep one of them"));
        }
    }
    for field in model.fields.iter().filter(|field| field.attrs.key.is_some() || field.attrs.dedup_id.is_some()) {
        if let Type::Path(path) = field.ty()
            && (path.path.is_ident("f32") || path.path.is_ident("f64"))
        {
            problems.at(field.ty(), "a floating-point number cannot be a key: equal values can read differently; use an integer or a `String`");
        }
    }
}

fn attributes(model: &Model<'_>, problems: &mut Problems) {
    let mut seen = Vec::new();
    for field in &model.fields {
        let Some(mark) = &field.attrs.attribute else { continue };
        let Some(name) = field.attribute_name() else {
            problems.at(
                &mark.at,
                "a field without a name needs one for its attribute: `#[event(attribute = \"country\")]`",
            );
            continue;
        };
        if mark.name.is_none()
            && let Err(problem) = names::attribute(&name)
        {
            problems.at(&mark.at, format!("the attribute would be called \"{name}\": {problem}"));
        } else if seen.contains(&name) {
            problems.at(
                &mark.at,
                format!("another field is sent as the attribute \"{name}\" already: give this one another name"),
            );
        }
        seen.push(name);
    }
}

fn flat_names(model: &Model<'_>, problems: &mut Problems) {
    for field in model.fields.iter().filter(|field| !field.misread) {
        if let Some(name) = collision(field) {
            let mark = match name {
                "topic" => ", mark it `#[event(topic)]` if it says where this one event is published",
                "occurred_on" => ", mark it `#[event(occurred_on)]` if it is the moment the event happened",
                _ => "",
            };
            problems.at(
                field.place(),
                format!(
                    "`{name}` is {OF_THE_ENVELOPE}: give the field another one with `#[serde(rename = \"...\")]`{mark}, or wrap the \
                     struct in a tuple struct, which travels under `data`"
                ),
            );
        }
        let aliases = field.read.iter().flat_map(|_| &field.serde.aliases);
        for alias in aliases.filter(|alias| is_reserved(&alias.value())) {
            problems.at(alias, format!("`{}` is {OF_THE_ENVELOPE}: drop this alias", alias.value()));
        }
    }
}

const OF_THE_ENVELOPE: &str = "a name of the envelope that this event shares one JSON object with";

fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

/// A name of the envelope that the field bears without permission.
fn collision(field: &Field<'_>) -> Option<&'static str> {
    let permitted = |name: &str| field.may_be(name) && field.written.as_deref() == Some(name);
    let bears = |reserved: &str| [&field.written, &field.read].into_iter().flatten().any(|name| name == reserved);
    RESERVED.into_iter().find(|reserved| bears(reserved) && !permitted(reserved))
}

fn flat_container(model: &Model<'_>, problems: &mut Problems) {
    if let Some(word) = &model.serde.deny_unknown_fields {
        problems.at(
            word,
            "an event shares one JSON object with its envelope, so `deny_unknown_fields` would refuse every message: drop it, or wrap \
             the struct in a tuple struct, which travels under `data`",
        );
    }
    if let Some(tag) = &model.serde.tag
        && is_reserved(&tag.value())
    {
        problems.at(tag, format!("`{}` is {OF_THE_ENVELOPE}: choose another tag", tag.value()));
    }
}
