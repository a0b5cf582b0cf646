//! Every name is everywhere, or listed.

use std::collections::BTreeSet;

use crate::differences::{Differences, FILE};
use crate::surface::{Declared, Place, type_of};

/// What is missing somewhere and not listed, and what is listed and is not so.
pub(crate) fn compare(places: &[Place], differences: &Differences) -> Vec<String> {
    let names: BTreeSet<_> = places.iter().flat_map(|place| place.names.keys()).collect();
    let missing = names
        .iter()
        .filter_map(|name| missing(name, places, differences));
    missing.chain(stale(places, differences)).collect()
}

fn missing(name: &str, places: &[Place], differences: &Differences) -> Option<String> {
    let (with, mut without) = split(name, places);
    let (_, first) = with.first()?;
    // Where there is no such type, that is said once.
    let owner = type_of(name);
    without.retain(|place| {
        owner == name || place.names.contains_key(owner) || !place.types.is_empty()
    });
    if without.is_empty() {
        return None;
    }
    if let Some(only) = differences.about(name) {
        let named: BTreeSet<_> = only.r#in.iter().map(String::as_str).collect();
        let actual: BTreeSet<_> = with.iter().map(|(place, _)| place.name).collect();
        return (actual != named).then(|| {
            format!(
                "{first}: {FILE} says that `{name}` is in {} only, but it is in {}: correct one of \
                 them",
                list(&named),
                list(&actual)
            )
        });
    }
    let without: BTreeSet<_> = without.iter().map(|place| place.name).collect();
    Some(format!(
        "{first} is not in {}: add `{name}` there in its own spelling, or say in {FILE} why not",
        list(&without)
    ))
}

/// The places that have a name, and those that should.
fn split<'a>(name: &str, places: &'a [Place]) -> (Vec<(&'a Place, &'a Declared)>, Vec<&'a Place>) {
    let mut with = Vec::new();
    let mut without = Vec::new();
    for place in places.iter().filter(|place| place.covers(name)) {
        match place.names.get(name) {
            Some(declared) => with.push((place, declared)),
            None => without.push(place),
        }
    }
    (with, without)
}

/// Entries of the list to which nothing corresponds any more.
fn stale(places: &[Place], differences: &Differences) -> Vec<String> {
    let names = differences.only.iter().flat_map(|only| &only.names);
    let not_missing = names.filter(|name| {
        let (with, without) = split(name, places);
        with.is_empty() || without.is_empty()
    });
    let not_missing = not_missing.map(|name| {
        format!("{FILE}: `{name}` is everywhere or nowhere by now: remove it from its list")
    });
    let called = differences.called.iter().filter(|called| {
        let mut theirs = places
            .iter()
            .filter(|place| called.r#in.iter().any(|it| it == place.name));
        !theirs.all(|place| {
            let mut declared = place.names.values();
            let member = format!("{}.", called.here);
            declared.any(|it| it.name == called.here || it.name.starts_with(&member))
        })
    });
    let called = called.map(|called| {
        format!(
            "{FILE}: {} has no `{}` any more: remove the entry",
            called.r#in.join(", "),
            called.here
        )
    });
    let unfounded = differences
        .only
        .iter()
        .map(|only| (&only.why, only.names.join(", ")))
        .chain(
            differences
                .called
                .iter()
                .map(|it| (&it.why, it.here.clone())),
        )
        .chain(
            differences
                .variable
                .iter()
                .map(|it| (&it.why, it.name.clone())),
        )
        .filter(|(why, _)| why.trim().is_empty())
        .map(|(_, what)| format!("{FILE}: say why `{what}` differs"));
    not_missing.chain(called).chain(unfounded).collect()
}

fn list(places: &BTreeSet<&str>) -> String {
    places.iter().copied().collect::<Vec<_>>().join(", ")
}
